using System.Text;
using CsCheck;
using EventSubscriptions.Audit;
using EventSubscriptions.Events;
using EventSubscriptions.Events.Publishing;
using EventSubscriptions.Subscriptions;

namespace EventSubscriptions.Tests.Fuzzing;

/// <summary>Names, URLs and what receivers return, in operational events and in the rows that hold them.</summary>
public sealed class OperationalEventFuzzTests
{
    private static readonly TestClock s_clock = new(new DateTimeOffset(2026, 1, 31, 10, 0, 0, TimeSpan.Zero));
    private static readonly Subscription s_subscription = Given.Subscription(Given.Organization(), s_clock);

    [Fact]
    public void Events_are_valid_and_fit_into_the_row_whatever_the_texts_are()
    {
        var text = Gen.OneOf(Hostile.Raw, Gen.Char.Array[0, 3000].Select(letters => new string(letters)));

        Gen.Select(text, text, text)
            .Sample(
                (name, path, detail) =>
                {
                    var (subscription, error) = (
                        s_subscription with
                        {
                            Name = name.Length > 128 ? name[..128] : name,
                            Url = new Uri("https://example.com/" + Convert.ToHexString(Encoding.UTF8.GetBytes(path))),
                        },
                        new AuditError("status", detail, detail)
                    );
                    var health = SubscriptionHealth.Healthy.Failed(s_clock.GetUtcNow(), times: 10);
                    OperationalEvent[] events =
                    [
                        SubscriptionEvents.Failing(subscription, health, 50, s_clock.GetUtcNow(), 10, error with { Hint = null }),
                        SubscriptionEvents.Deactivated(subscription, health, detail, error: null),
                        SubscriptionEvents.Recovered(subscription, health, s_clock.GetUtcNow()),
                    ];

                    string? outbox = null;
                    foreach (var item in events)
                    {
                        Assert.Null(EventEnvelope.Read(item.Payload).Problem);
                        outbox = HealthOutbox.Append(outbox, item);
                    }

                    Assert.InRange(outbox!.Length, 1, 32 * 1024);
                    var read = HealthOutbox.Read(subscription.OrganizationId, outbox);
                    Assert.Equal(events.Select(item => item.Id), read.Select(item => item.Id));
                    Assert.All(events.Zip(read), pair => Assert.Equal(pair.First.Payload.ToArray(), pair.Second.Payload.ToArray()));
                },
                iter: 2_000
            );
    }

    [Fact]
    public void Event_that_does_not_fit_is_dropped()
    {
        var health = SubscriptionHealth.Healthy.Failed(s_clock.GetUtcNow(), times: 10);
        var item = SubscriptionEvents.Recovered(s_subscription, health, s_clock.GetUtcNow());
        string? outbox = null;
        for (var i = 0; i < HealthOutbox.Capacity + 3; i++)
        {
            outbox = HealthOutbox.Append(outbox, item);
        }

        Assert.Equal(HealthOutbox.Capacity, HealthOutbox.Read(s_subscription.OrganizationId, outbox).Count);
    }
}
