using System.Globalization;
using System.Text.Json;
using EventSubscriptions.Audit;
using EventSubscriptions.Events;

namespace EventSubscriptions.Subscriptions;

/// <summary>The operational events about a subscription. Like audit entries, they have no secrets.</summary>
public static class SubscriptionEvents
{
    /// <summary>Deliveries fail.</summary>
    /// <param name="percent">How much of the way to deactivation has passed.</param>
    /// <param name="deactivatesAt">When it will be deactivated at the earliest.</param>
    /// <param name="deactivatesAfterFailures">How many attempts must have failed by then.</param>
    /// <param name="error">Why the last attempt failed, or null if that is not known.</param>
    public static OperationalEvent Failing(
        Subscription subscription,
        SubscriptionHealth health,
        int percent,
        DateTimeOffset deactivatesAt,
        int deactivatesAfterFailures,
        AuditError? error
    ) =>
        Create(
            OperationalEvents.SubscriptionFailing,
            subscription,
            health.FailingSince!.Value,
            string.Create(CultureInfo.InvariantCulture, $"{percent}"),
            json =>
            {
                WriteFailures(json, health);
                json.WriteNumber("percent", percent);
                json.WriteString("deactivatesAt", deactivatesAt.UtcDateTime);
                json.WriteNumber("deactivatesAfterFailures", deactivatesAfterFailures);
                WriteError(json, error);
            }
        );

    /// <summary>The app deactivated the subscription.</summary>
    /// <param name="reason">Why, for people.</param>
    /// <param name="error">Why the last attempt failed, or null if that is not known.</param>
    public static OperationalEvent Deactivated(Subscription subscription, SubscriptionHealth health, string reason, AuditError? error) =>
        Create(
            OperationalEvents.SubscriptionDeactivated,
            subscription,
            health.FailingSince!.Value,
            "deactivated",
            json =>
            {
                WriteFailures(json, health);
                json.WriteString("reason", OperationalEvent.Shortened(reason));
                WriteError(json, error);
            }
        );

    /// <summary>A delivery succeeded.</summary>
    /// <param name="health">The health before.</param>
    public static OperationalEvent Recovered(Subscription subscription, SubscriptionHealth health, DateTimeOffset at) =>
        Create(
            OperationalEvents.SubscriptionRecovered,
            subscription,
            health.FailingSince!.Value,
            "recovered",
            json =>
            {
                WriteFailures(json, health);
                json.WriteString("recoveredAt", at.UtcDateTime);
            }
        );

    /// <summary>Deliveries were dead-lettered.</summary>
    /// <param name="at">When this is reported.</param>
    /// <param name="count">How many, since the last such event.</param>
    /// <param name="last">The last of them.</param>
    public static OperationalEvent DeadLettered(Subscription subscription, DateTimeOffset at, int count, DeadLetteredDelivery last) =>
        Create(
            OperationalEvents.DeliveryDeadLettered,
            subscription,
            at,
            "deadLettered",
            json =>
            {
                json.WriteNumber("count", count);
                json.WriteString("eventId", last.EventId.ToString());
                json.WriteString("eventName", last.EventName.ToString());
                json.WriteNumber("attempt", last.Attempt);
                json.WriteString("reason", OperationalEvent.Shortened(last.Error.Kind));
                json.WriteString("detail", OperationalEvent.Shortened(last.Error.Detail));
                json.WriteString("hint", last.Error.Hint);
            }
        );

    /// <summary>The client certificate expires soon. One event for each certificate.</summary>
    /// <param name="subject">The certificate's subject.</param>
    /// <param name="thumbprint">Its SHA-1 thumbprint in hexadecimal.</param>
    /// <param name="expiresAt">When it expires.</param>
    public static OperationalEvent CertificateExpiring(
        Subscription subscription,
        string subject,
        string thumbprint,
        DateTimeOffset expiresAt
    ) =>
        Create(
            OperationalEvents.ClientCertificateExpiring,
            subscription,
            expiresAt,
            $"cert-{thumbprint[..8]}",
            json =>
            {
                json.WriteString("subject", OperationalEvent.Shortened(subject));
                json.WriteString("thumbprint", thumbprint);
                json.WriteString("expiresAt", expiresAt.UtcDateTime);
            }
        );

    private static OperationalEvent Create(
        EventName name,
        Subscription subscription,
        DateTimeOffset since,
        string threshold,
        Action<Utf8JsonWriter> write
    ) =>
        OperationalEvent.Create(
            subscription.OrganizationId,
            name,
            subscription.Id.ToString(),
            since,
            threshold,
            json =>
            {
                json.WriteString("subscriptionId", subscription.Id.ToString());
                json.WriteString("subscriptionName", subscription.Name);
                json.WriteString("url", OperationalEvent.Shortened(DisplayUrl.Of(subscription)));
                write(json);
            }
        );

    private static void WriteFailures(Utf8JsonWriter json, SubscriptionHealth health)
    {
        json.WriteString("failingSince", health.FailingSince!.Value.UtcDateTime);
        json.WriteNumber("failures", health.Failures);
    }

    private static void WriteError(Utf8JsonWriter json, AuditError? error)
    {
        json.WriteString("errorKind", error?.Kind);
        json.WriteString("errorDetail", OperationalEvent.Shortened(error?.Detail));
        json.WriteString("errorHint", error?.Hint);
    }
}

/// <summary>A delivery that was dead-lettered, and why.</summary>
public sealed record DeadLetteredDelivery(EventId EventId, EventName EventName, int Attempt, AuditError Error);
