namespace EventSubscriptions.Telemetry;

/// <summary>
/// The attributes of activities. They contain ids, so that a trace can be found, and never a URL, a secret or parts of a payload.
/// </summary>
internal static class TraceTags
{
    public const string Organization = "event_subscriptions.organization.id";
    public const string Subscription = "event_subscriptions.subscription.id";
    public const string Event = "event_subscriptions.event.id";
    public const string Run = "event_subscriptions.run";
    public const string Attempt = "event_subscriptions.attempt";
    public const string Outcome = "event_subscriptions.outcome";

    /// <summary>How many events were published, or deliveries created.</summary>
    public const string Count = "event_subscriptions.count";

    /// <summary>OpenTelemetry's semantic conventions, as are the following.</summary>
    public const string ErrorType = "error.type";

    public const string StatusCode = "http.response.status_code";
}
