using System.Net;

namespace TestSupport.App;

/// <summary>An organization, used through the HTTP API.</summary>
internal sealed class Organization(Api api, int id)
{
    private static int s_last;

    public int Id => id;

    public Api Api => api;

    public string Path => $"/api/organizations/{id}";

    /// <summary>An organization that no other test uses, with the admin key.</summary>
    public static Organization New(AppProcess app) => new(app.AsAdmin(), Interlocked.Increment(ref s_last));

    /// <summary>The same organization with another key.</summary>
    public Organization SeenBy(Api other) => new(other, id);

    public Task<SubscriptionHandle> Subscribe(Hook hook, params string[] events) => Subscribe(hook.Url, events);

    /// <summary>Creates a subscription with a new token, to all event types if none is named.</summary>
    public Task<SubscriptionHandle> Subscribe(Uri url, params string[] events) => Subscribe(Some.Subscription(url, NewToken(), events));

    /// <summary>Creates a subscription with a rate limit.</summary>
    public Task<SubscriptionHandle> Subscribe(Hook hook, int rateLimitPerSecond) =>
        Subscribe(Some.Subscription(hook.Url, NewToken()) with { RateLimitPerSecond = rateLimitPerSecond });

    public async Task<SubscriptionHandle> Subscribe(SubscriptionRequest request)
    {
        var response = (await api.Post($"{Path}/subscriptions", request)).Expect(HttpStatusCode.Created);
        return new SubscriptionHandle(this, response.Read<SubscriptionResult>().Id, request.Token, response);
    }

    public Task<IReadOnlyList<SubscriptionResult>> Subscriptions(string query = "") =>
        api.GetAll<SubscriptionResult>($"{Path}/subscriptions{query}");

    /// <summary>Publishes one event and returns its id.</summary>
    public async Task<string> Publish(string eventName, object data, string? eventId = null) =>
        (await api.Post($"{Path}/events", new EventRequest(eventName, data, eventId)))
            .Expect(HttpStatusCode.Accepted)
            .Read<PublishResult>()
            .Ids.Single();

    /// <summary>Publishes an event whose data doesn't matter.</summary>
    public Task<string> PublishCase(string caseId = "case-1", string? eventId = null) =>
        Publish(Some.CaseEvent, Some.CaseData(caseId), eventId);

    /// <summary>Publishes many such events in one request, with ids <c>{prefix}-0</c>, <c>{prefix}-1</c>, …</summary>
    public async Task<IReadOnlyList<string>> PublishCases(int count, string prefix)
    {
        var ids = new List<string>(count);
        foreach (var chunk in Enumerable.Range(0, count).Chunk(1000))
        {
            var events = chunk.Select(n => new EventRequest(Some.CaseEvent, Some.CaseData($"{prefix}-{n}"), $"{prefix}-{n}"));
            ids.AddRange((await api.Post($"{Path}/events", events)).Expect(HttpStatusCode.Accepted).Read<PublishResult>().Ids);
        }

        return ids;
    }

    /// <summary>The newest page of the audit log as sent.</summary>
    public async Task<string> AuditLogText() => (await api.Get($"{Path}/audit-logs")).Expect(HttpStatusCode.OK).Text;

    /// <summary>The audit log, newest first.</summary>
    public Task<IReadOnlyList<AuditLogEntry>> AuditLog(string? type = null) =>
        api.GetAll<AuditLogEntry>($"{Path}/audit-logs" + (type is null ? "" : $"?type={type}"));

    /// <summary>Waits until the audit log has that many entries of a type, and returns them, newest first.</summary>
    public Task<IReadOnlyList<AuditLogEntry>> Audited(string type, int count) =>
        Eventually.Get(
            () => AuditLog(type),
            entries => entries.Count >= count,
            entries => $"{count} entries {type}, {entries.Count} are there"
        );

    private static string NewToken() => "token-" + Guid.NewGuid().ToString("N");
}
