using EventSubscriptions.Audit;
using EventSubscriptions.Events;
using EventSubscriptions.Events.Catalogue;
using EventSubscriptions.Subscriptions;

namespace EventSubscriptions.Tests.Subscriptions;

public sealed class SubscriptionEventsTests
{
    private static readonly TestClock s_clock = new(new DateTimeOffset(2026, 1, 31, 10, 0, 0, TimeSpan.Zero));
    private static readonly Subscription s_subscription = Given.Subscription(Given.Organization(), s_clock);
    private static readonly SubscriptionHealth s_health = SubscriptionHealth.Healthy.Failed(s_clock.GetUtcNow(), times: 3);
    private static readonly AuditError s_error = new("status", "The receiver returned 500.", "What to do.");

    private static readonly OperationalEvent[] s_events =
    [
        SubscriptionEvents.Failing(s_subscription, s_health, 50, s_clock.GetUtcNow().AddDays(5), 10, s_error),
        SubscriptionEvents.Deactivated(s_subscription, s_health, "Why.", s_error),
        SubscriptionEvents.Recovered(s_subscription, s_health, s_clock.GetUtcNow()),
        SubscriptionEvents.DeadLettered(
            s_subscription,
            s_clock.GetUtcNow(),
            count: 2,
            new DeadLetteredDelivery(Given.EventId("evt_1"), EventName.Parse("A"), Attempt: 10, s_error)
        ),
        SubscriptionEvents.CertificateExpiring(
            s_subscription,
            "CN=client",
            "0a1b2c3d4e5f60718293a4b5c6d7e8f901234567",
            s_clock.GetUtcNow()
        ),
    ];

    public static TheoryData<int> Indexes => [.. Enumerable.Range(0, s_events.Length)];

    [Theory]
    [MemberData(nameof(Indexes))]
    public void Event_has_the_parameters_of_the_catalogue(int index)
    {
        var item = s_events[index];
        Assert.True(EventCatalogue.Load().TryGet(item.Name.ToString(), out var type));
        var data = EventPayload.Parse(item.Payload).GetProperty("data");

        Assert.Empty(type.Check(data));
        Assert.Equal(type.Parameters.Select(parameter => parameter.Name), data.EnumerateObject().Select(member => member.Name));
    }

    [Theory]
    [MemberData(nameof(Indexes))]
    public void Event_has_no_secret(int index)
    {
        var data = EventPayload.Parse(s_events[index].Payload).GetProperty("data");

        Assert.Equal("https://example.com/hook?code=***", data.GetProperty("url").GetString());
        Assert.DoesNotContain("s3cret", data.GetRawText(), StringComparison.Ordinal);
    }

    [Fact]
    public void Ids_name_the_subscription_the_time_and_the_threshold()
    {
        var start = $"sys_{s_subscription.Id}_{s_clock.GetUtcNow().ToUnixTimeMilliseconds()}_";

        Assert.Equal(
            ["50", "deactivated", "recovered", "deadLettered", "cert-0a1b2c3d"],
            s_events
                .Select(item => item.Id.ToString())
                .Select(id => id.StartsWith(start, StringComparison.Ordinal) ? id[start.Length..] : id)
        );
    }
}
