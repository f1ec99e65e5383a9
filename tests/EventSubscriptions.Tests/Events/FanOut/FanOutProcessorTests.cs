using System.Text;
using EventSubscriptions.Events;
using EventSubscriptions.Events.Archive;
using EventSubscriptions.Events.FanOut;
using EventSubscriptions.Queues;
using EventSubscriptions.Storage;
using EventSubscriptions.Subscriptions.Filters;

namespace EventSubscriptions.Tests.Events.FanOut;

public sealed class FanOutProcessorTests : FanOutProcessorTestBase
{
    [Fact]
    public async Task Event_becomes_a_delivery_for_each_subscription_to_its_type()
    {
        var named = await SubscribeAsync(_organization, "CaseClosedEvent", "OtherEvent");
        var every = await SubscribeAsync(_organization);
        await SubscribeAsync(_organization, "OtherEvent");
        var message = Message("a", "CaseClosedEvent");

        Assert.Equal([Settlement.Completed], await RunAsync(message));

        var deliveries = Deliveries();
        Assert.Equal(Sorted(named, every), Sorted([.. deliveries.Select(delivery => Text(delivery, "subscriptionId"))]));
        Assert.All(
            deliveries,
            delivery =>
            {
                Assert.Equal(message.Body.ToArray(), delivery.Body.ToArray());
                Assert.Equal(_organization.Value, delivery.ApplicationProperties["organizationId"]);
                Assert.Equal("a", Text(delivery, "eventId"));
                Assert.Equal("CaseClosedEvent", Text(delivery, "eventName"));
                Assert.Equal("event", Text(delivery, "run"));
                Assert.Equal(1, delivery.ApplicationProperties["attempt"]);
                Assert.Equal(0, delivery.ApplicationProperties["postponements"]);
            }
        );
    }

    [Fact]
    public async Task Event_is_delivered_when_the_filter_of_a_subscription_accepts_it()
    {
        var every = await SubscribeAsync(_organization);
        var accepting = await SubscribeFilteredAsync("""{"data.id":"1","eventName":{"$startsWith":"Case"}}""");
        await SubscribeFilteredAsync("""{"data.id":"2"}""");

        Assert.Equal([Settlement.Completed], await RunAsync(Message("a")));

        Assert.Equal(Sorted(every, accepting), Sorted([.. Deliveries().Select(delivery => Text(delivery, "subscriptionId"))]));

        Task<string> SubscribeFilteredAsync(string filter) =>
            SubscribeAsync(Given.Subscription(_organization, _services.Time) with { Filter = SubscriptionFilter.Parse(filter) });
    }

    [Fact]
    public async Task Event_is_archived_when_it_has_no_subscriptions()
    {
        Assert.Equal([Settlement.Completed], await RunAsync(Message("a")));

        Assert.Empty(Deliveries());
        Assert.True(EventId.TryParse("a", out var id));
        Assert.NotNull(await new EventArchive(_services.Tables, Given.Protector).GetAsync(_organization, id, default));
    }

    [Fact]
    public async Task Events_with_the_same_id_are_delivered_within_their_own_organization()
    {
        var other = Given.Organization();
        var mine = await SubscribeAsync(_organization);
        var theirs = await SubscribeAsync(other);

        await RunAsync(Message("a"), Message("a", organization: other));

        Assert.Equal(
            [$"{_organization} {mine}", $"{other} {theirs}"],
            Deliveries()
                .Select(delivery => $"{delivery.ApplicationProperties["organizationId"]} {Text(delivery, "subscriptionId")}")
                .Order()
        );
    }

    [Fact]
    public async Task New_subscription_receives_the_next_event()
    {
        var first = await SubscribeAsync(_organization);
        await RunAsync(Message("a"));
        var second = await SubscribeAsync(_organization);
        await RunAsync(Message("b"));

        Assert.Equal(Sorted(first, first, second), Sorted([.. Deliveries().Select(delivery => Text(delivery, "subscriptionId"))]));
    }

    [Fact]
    public async Task Event_of_an_unknown_type_is_delivered_with_its_data_unchanged()
    {
        await SubscribeAsync(_organization);

        await RunAsync(Raw($$"""{ "organizationId":{{_organization}},"eventName":"NewerEvent","data":{"x" : null} }"""));

        Assert.Equal(
            $$$"""{"eventName":"NewerEvent","organizationId":{{{_organization}}},"data":{"x" : null}}""",
            Encoding.UTF8.GetString(Assert.Single(Deliveries()).Body)
        );
    }

    [Fact]
    public async Task Deliveries_are_created_once_when_a_message_is_redelivered()
    {
        await SubscribeAsync(_organization);

        await RunAsync(Message("a"));
        await RunAsync(Message("a"));

        Assert.Single(Deliveries());
    }

    [Fact]
    public async Task Fan_out_continues_with_another_message_when_there_are_too_many_subscriptions()
    {
        const int Count = FanOutProcessor.MaxDeliveries + 2;
        await SubscribeManyAsync(Count);

        await RunAsync(Message("a"), Message("b"));
        Assert.Equal(2 * FanOutProcessor.MaxDeliveries, Deliveries().Count);

        var rest = _services.Receive(QueueNames.FanOut);
        Assert.Equal(["a", "b"], rest.Select(message => Text(message, "eventId")).Order());
        Assert.All(rest, message => Assert.Equal(true, message.ApplicationProperties["archived"]));
        Assert.All(await ContinueAsync([.. rest]), result => Assert.Equal(Settlement.Completed, result));
        Assert.Equal(2 * 2, Deliveries().Count);
        Assert.Empty(_services.Receive(QueueNames.FanOut));
    }

    [Fact]
    public async Task Fan_out_continues_with_another_message_without_archiving_again_when_time_is_up()
    {
        await SubscribeAsync(_organization);
        _services.Flaky.Failure = (table, _) =>
        {
            if (table == TableNames.EventArchive)
            {
                _services.Time.Advance(FanOutProcessor.MaxTime);
            }

            return null;
        };

        Assert.Equal([Settlement.Completed, Settlement.Completed], await RunAsync(Message("a"), Message("b")));

        Assert.Empty(Deliveries());
        _services.Flaky.Failure = (table, _) => table == TableNames.EventArchive ? new InvalidOperationException("It is archived.") : null;
        Assert.Equal([Settlement.Completed, Settlement.Completed], await ContinueAsync([.. _services.Receive(QueueNames.FanOut)]));
        Assert.Equal(["a", "b"], Deliveries().Select(delivery => Text(delivery, "eventId")).Order());
    }

    [Fact]
    public async Task Internal_properties_are_ignored_when_a_producer_sets_them()
    {
        await SubscribeAsync(_organization);

        await RunAsync(
            Message("a", properties: [("archived", true), ("after", "t"), ("postponements", 7), ("publishedAt", DateTimeOffset.MinValue)])
        );

        var delivery = Assert.Single(Deliveries());
        Assert.Equal(_services.Time.GetUtcNow(), delivery.ApplicationProperties["publishedAt"]);
        Assert.True(EventId.TryParse("a", out var id));
        Assert.NotNull(await new EventArchive(_services.Tables, Given.Protector).GetAsync(_organization, id, default));
    }

    private static IEnumerable<string> Sorted(params IEnumerable<string> texts) => texts.Order(StringComparer.Ordinal);
}
