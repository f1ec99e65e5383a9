using Azure;
using Azure.Messaging.ServiceBus;
using EventSubscriptions.Queues;

namespace EventSubscriptions.Tests.Events.FanOut;

public sealed class FanOutProcessorTelemetryTests : FanOutProcessorTestBase
{
    [Fact]
    public async Task Event_and_its_deliveries_are_counted_once_by_source()
    {
        await SubscribeAsync(_organization);
        await SubscribeAsync(_organization);
        var http = Message("a", properties: [("source", "http")]);
        var claimed = Message("b", properties: [("source", "whatever it says")]);

        _services.Time.Advance(TimeSpan.FromSeconds(3));
        await RunAsync(http, claimed, Raw("not json"));
        await RunAsync(http);

        Assert.Equal(["1 source=external", "1 source=http"], _metrics.Of("event_subscriptions.events.published").Order());
        Assert.Equal(["4 cause=event", "2 cause=event"], _metrics.Of("event_subscriptions.deliveries.created"));
        Assert.Equal("3 queue=events", _metrics.Of("event_subscriptions.queue.wait")[0]);
    }

    [Fact]
    public async Task Queue_wait_is_measured_on_first_delivery_only()
    {
        await RunAsync(
            Message("a"),
            ServiceBusModelFactory.ServiceBusReceivedMessage(BinaryData.FromString("again"), "b", deliveryCount: 2)
        );

        Assert.Equal(["0 queue=events"], _metrics.Of("event_subscriptions.queue.wait"));
    }

    [Fact]
    public async Task Each_event_of_a_batch_passes_its_own_trace_to_its_deliveries()
    {
        await SubscribeAsync(_organization);
        var ours = $"00-{new string('a', 32)}-{new string('1', 16)}-01";
        var theirs = $"00-{new string('b', 32)}-{new string('2', 16)}-01";

        await RunAsync(
            Message("a", properties: [("traceparent", ours), ("Diagnostic-Id", theirs)]),
            Message("b", properties: [("Diagnostic-Id", theirs)]),
            Message("c"),
            Raw("not json")
        );

        var traces = _traces.Ended.ToDictionary(
            activity => (string)activity.GetTagItem("event_subscriptions.event.id")!,
            StringComparer.Ordinal
        );
        Assert.Equal(["a", "b", "c"], traces.Keys.Order());
        Assert.Equal((ours[3..35], ours[36..52]), (traces["a"].TraceId.ToString(), traces["a"].ParentSpanId.ToString()));
        Assert.Equal(theirs[3..35], traces["b"].TraceId.ToString());
        Assert.Equal(3, traces.Values.Select(activity => activity.TraceId).Distinct().Count());
        Assert.All(traces.Values, activity => Assert.Empty(activity.Links));
        Assert.All(Deliveries(), delivery => Assert.Equal(traces[Text(delivery, "eventId")!].Id, Text(delivery, "traceparent")));
    }

    [Fact]
    public async Task Postponed_event_keeps_its_publish_time_and_trace()
    {
        var trace = $"00-{new string('a', 32)}-{new string('1', 16)}-01";
        _services.Flaky.Failure = (_, _) => new RequestFailedException(503, "busy");
        var published = _services.Time.GetUtcNow();

        await RunAsync(Message("a", properties: [("Diagnostic-Id", trace)]));
        _services.Flaky.Failure = (_, _) => null;
        _services.Time.Advance(TimeSpan.FromMinutes(1));
        await SubscribeAsync(_organization);
        await ContinueAsync(await _services.ReceiveOneAsync(QueueNames.FanOut));

        var delivery = Assert.Single(Deliveries());
        Assert.Equal(published, delivery.ApplicationProperties["publishedAt"]);
        Assert.All(_traces.Ended, activity => Assert.Equal(trace[3..35], activity.TraceId.ToString()));
        Assert.Equal(["1 queue=events reason=transient_fault"], _metrics.Of("event_subscriptions.messages.postponed"));
    }
}
