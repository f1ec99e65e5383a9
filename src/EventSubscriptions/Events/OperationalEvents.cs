using System.Collections.Frozen;

namespace EventSubscriptions.Events;

/// <summary>
/// The names of the events that the app itself publishes about its work. Nobody else may publish them, and only subscriptions that name
/// them get them: patterns don't match them.
/// </summary>
public static class OperationalEvents
{
    /// <summary>Deliveries to a subscription have been failing for a while.</summary>
    public static readonly EventName SubscriptionFailing = EventName.Parse("SubscriptionFailingEvent");

    /// <summary>The app deactivated a subscription because of its receiver.</summary>
    public static readonly EventName SubscriptionDeactivated = EventName.Parse("SubscriptionDeactivatedEvent");

    /// <summary>A subscription that was reported to be failing has recovered.</summary>
    public static readonly EventName SubscriptionRecovered = EventName.Parse("SubscriptionRecoveredEvent");

    /// <summary>Deliveries were dead-lettered.</summary>
    public static readonly EventName DeliveryDeadLettered = EventName.Parse("DeliveryDeadLetteredEvent");

    /// <summary>Polls of a Relay subscriber fail.</summary>
    public static readonly EventName RelayPollFailing = EventName.Parse("RelayPollFailingEvent");

    /// <summary>Polls of a Relay subscriber have recovered.</summary>
    public static readonly EventName RelayPollRecovered = EventName.Parse("RelayPollRecoveredEvent");

    /// <summary>The client certificate of a subscription expires soon.</summary>
    public static readonly EventName ClientCertificateExpiring = EventName.Parse("ClientCertificateExpiringEvent");

    private static readonly FrozenSet<string> s_names = new[]
    {
        SubscriptionFailing,
        SubscriptionDeactivated,
        SubscriptionRecovered,
        DeliveryDeadLettered,
        RelayPollFailing,
        RelayPollRecovered,
        ClientCertificateExpiring,
    }
        .Select(name => name.ToString())
        .ToFrozenSet(StringComparer.Ordinal);

    /// <summary>All names.</summary>
    public static IReadOnlyCollection<string> Names => s_names;

    /// <summary>The error for a name that nobody may publish, as the rest of a sentence that starts with the field.</summary>
    public const string Reserved = "is an operational event, which only the app itself publishes";

    /// <summary>Whether a name is that of an operational event.</summary>
    public static bool Contains(string name) => s_names.Contains(name);

    /// <summary>Whether a name is that of an operational event.</summary>
    public static bool Contains(EventName name) => s_names.Contains(name.ToString());
}
