using System.Diagnostics.CodeAnalysis;
using EventSubscriptions.Deliveries.Log;
using EventSubscriptions.Deliveries.Outcome;
using EventSubscriptions.Deliveries.Sending;
using EventSubscriptions.Events;
using EventSubscriptions.Events.Catalogue;
using EventSubscriptions.Subscriptions;
using EventSubscriptions.Subscriptions.Formats;
using EventSubscriptions.Telemetry;

namespace EventSubscriptions.Deliveries;

/// <summary>Sends an example event to the receiver of a subscription.</summary>
public sealed class DeliveryTest(WebhookSender sender, DeliveryRecorder recorder, AppTracing tracing, TimeProvider time, Random random)
{
    private static readonly RetrySchedule s_never = new([]);

    /// <summary>The event type to send by default: the first that the subscription matches, or null.</summary>
    public static EventType? DefaultFor(Subscription subscription, EventCatalogue catalogue)
    {
        foreach (var pattern in subscription.Events)
        {
            if (catalogue.All.FirstOrDefault(type => EventPattern.Matches(pattern, type.Name.ToString(), type.Category)) is { } match)
            {
                return match;
            }
        }

        return null;
    }

    /// <summary>
    /// Makes one attempt, even if the subscription is inactive, and logs it with the run <see cref="DeliveryRun.Test"/>. The event
    /// has a new id and is not archived.
    /// </summary>
    internal async Task<TestAttempt> RunAsync(Subscription subscription, EventType type, CancellationToken cancellationToken)
    {
        var delivery = new DeliveryMessage
        {
            OrganizationId = subscription.OrganizationId,
            SubscriptionId = subscription.Id,
            EventId = EventId.New(time),
            EventName = type.Name,
            Run = DeliveryRun.Test,
        };
        var payload = type.ExamplePayload(subscription.OrganizationId);
        using var activity = AttemptActivity.StartTest(tracing, delivery);
        var content = new EventContent(subscription.OrganizationId, delivery.EventId, type.Name, time.GetUtcNow(), payload);
        var result = await sender.SendAsync(subscription, content, AppTracing.CurrentTraceParent, cancellationToken);
        var decision = ResponsePolicy.Decide(result, delivery.Attempt, s_never, time.GetUtcNow(), random);
        AttemptActivity.End(activity, result, decision);
        return new TestAttempt(await recorder.RecordTestAsync(delivery, result, decision, cancellationToken));
    }
}

/// <summary>The result of a test.</summary>
internal sealed record TestAttempt : DeliveryAttempt
{
    [SetsRequiredMembers]
    public TestAttempt(DeliveryAttempt attempt)
        : base(attempt) { }

    public bool Delivered => Outcome == DeliveryOutcome.Delivered;
}
