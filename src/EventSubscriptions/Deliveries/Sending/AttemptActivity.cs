using System.Diagnostics;
using EventSubscriptions.Deliveries.Outcome;
using EventSubscriptions.Telemetry;

namespace EventSubscriptions.Deliveries.Sending;

/// <summary>The trace span of an attempt. Its context is sent to the receiver.</summary>
internal static class AttemptActivity
{
    private const string Name = "attempt";

    /// <summary>Starts the span of an attempt in the trace of its delivery; null if nobody listens.</summary>
    public static Activity? Start(AppTracing tracing, DeliveryMessage delivery) =>
        Describe(tracing.StartFrom(delivery.TraceParent, Name, ActivityKind.Client), delivery);

    /// <summary>Starts the span of a test within the trace of its request.</summary>
    public static Activity? StartTest(AppTracing tracing, DeliveryMessage delivery) =>
        Describe(tracing.StartInside(Name, ActivityKind.Client), delivery);

    /// <summary>Ends the span with the outcome of the attempt.</summary>
    public static void End(Activity? activity, DeliveryResult result, DeliveryDecision decision)
    {
        activity
            ?.SetTag(TraceTags.Outcome, decision.Outcome.ToName())
            .SetTag(TraceTags.StatusCode, result.StatusCode)
            .SetTag(TraceTags.ErrorType, decision.Error?.Kind.ToName())
            .SetStatus(decision.Error is null ? ActivityStatusCode.Unset : ActivityStatusCode.Error)
            .Stop();
    }

    private static Activity? Describe(Activity? activity, DeliveryMessage delivery) =>
        activity is not { IsAllDataRequested: true }
            ? activity
            : activity
                .SetTag(TraceTags.Organization, delivery.OrganizationId.Value)
                .SetTag(TraceTags.Subscription, delivery.SubscriptionId.ToString())
                .SetTag(TraceTags.Event, delivery.EventId.ToString())
                .SetTag(TraceTags.Run, delivery.Run.ToString())
                .SetTag(TraceTags.Attempt, delivery.Attempt);
}
