using System.Diagnostics;
using EventSubscriptions.Deliveries.Outcome;
using EventSubscriptions.Telemetry;

namespace EventSubscriptions.Deliveries.Sending;

/// <summary>An attempt as traces show it. Its context goes to the receiver.</summary>
internal static class AttemptActivity
{
    private const string Name = "attempt";

    /// <summary>Starts the activity of an attempt of the trace that the delivery belongs to; null where nobody listens.</summary>
    public static Activity? Start(AppTracing tracing, DeliveryMessage delivery) => Describe(tracing.StartFrom(delivery.TraceParent, Name, ActivityKind.Client), delivery);

    /// <summary>Starts the activity of a test, as a part of the request that asks for it.</summary>
    public static Activity? StartTest(AppTracing tracing, DeliveryMessage delivery) => Describe(tracing.StartInside(Name, ActivityKind.Client), delivery);

    /// <summary>Ends it with what came of the attempt.</summary>
    public static void End(Activity? activity, DeliveryResult result, DeliveryDecision decision)
    {
        activity?
            .SetTag(TraceTags.Outcome, decision.Outcome)
            .SetTag(TraceTags.StatusCode, result.StatusCode)
            .SetTag(TraceTags.ErrorType, decision.Error?.Kind)
            .SetStatus(decision.Error is null ? ActivityStatusCode.Unset : ActivityStatusCode.Error)
            .Stop();
    }

    private static Activity? Describe(Activity? activity, DeliveryMessage delivery) => activity is not { IsAllDataRequested: true }
        ? activity
        : activity
            .SetTag(TraceTags.Organization, delivery.OrganizationId.Value)
            .SetTag(TraceTags.Subscription, delivery.SubscriptionId.ToString())
            .SetTag(TraceTags.Event, delivery.EventId.ToString())
            .SetTag(TraceTags.Run, delivery.Run)
            .SetTag(TraceTags.Attempt, delivery.Attempt);
}
