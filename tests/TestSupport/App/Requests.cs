namespace TestSupport.App;

/// <summary>The request that creates a subscription.</summary>
internal sealed record SubscriptionRequest(string Name, string Url, string Token, IReadOnlyList<string> Events)
{
    public string? Description { get; init; }

    public int? RateLimitPerSecond { get; init; }

    public object? Filter { get; init; }
}

/// <summary>The request that publishes an event.</summary>
internal sealed record EventRequest(string EventName, object Data, string? Id = null);

/// <summary>Valid requests whose details don't matter.</summary>
internal static class Some
{
    public const string CaseEvent = "CaseArchivedEvent";

    public static object CaseData(string id) => new { id, name = "Case of " + id };

    /// <summary>A request to subscribe to some event types, or to all if none is named.</summary>
    public static SubscriptionRequest Subscription(Uri url, string token, params string[] events) =>
        new("Scenario", url.OriginalString, token, events.Length == 0 ? ["*"] : events);
}
