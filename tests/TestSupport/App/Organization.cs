using System.Net;
using System.Text.Json.Nodes;

namespace TestSupport.App;

/// <summary>One organization as its operator sees it: what tests say in a sentence, said over the HTTP API.</summary>
internal sealed class Organization(Api api, int id)
{
    private static int s_last;

    public int Id => id;

    public Api Api => api;

    public string Path => $"/api/organizations/{id}";

    /// <summary>An organization that nobody else uses, seen by the admin key.</summary>
    public static Organization New(AppProcess app) => new(app.AsAdmin(), Interlocked.Increment(ref s_last));

    /// <summary>The same organization, seen by another key.</summary>
    public Organization SeenBy(Api other) => new(other, id);

    public Task<SubscriptionHandle> Subscribe(Hook hook, params string[] events) => Subscribe(hook.Url, events);

    /// <summary>Makes a subscription with a token of its own; to all events where none is named.</summary>
    public async Task<SubscriptionHandle> Subscribe(Uri url, params string[] events)
    {
        var token = "token-" + Guid.NewGuid().ToString("N");
        return await Subscribe(token, Some.Subscription(url, token, events));
    }

    /// <summary>Makes a subscription with a limit of requests per second.</summary>
    public async Task<SubscriptionHandle> Subscribe(Hook hook, int rateLimitPerSecond)
    {
        var token = "token-" + Guid.NewGuid().ToString("N");
        var body = Some.Subscription(hook.Url, token, []);
        body["rateLimitPerSecond"] = rateLimitPerSecond;
        return await Subscribe(token, body);
    }

    private async Task<SubscriptionHandle> Subscribe(string token, JsonObject body)
    {
        var answer = await api.Post($"{Path}/subscriptions", body);
        var json = answer.Expect(HttpStatusCode.Created).Json;
        return new SubscriptionHandle(this, (string)json["id"]!, token, answer);
    }

    /// <summary>Publishes one event and returns its id.</summary>
    public async Task<string> Publish(string eventName, JsonNode data, string? eventId = null)
    {
        var body = new JsonObject { ["eventName"] = eventName, ["data"] = data };
        if (eventId is not null)
        {
            body["id"] = eventId;
        }

        var answer = (await api.Post($"{Path}/events", body)).Expect(HttpStatusCode.Accepted);
        return (string)answer.Json["ids"]!.AsArray().Single()!;
    }

    /// <summary>Publishes an event whose content doesn't matter, told apart by its case's id.</summary>
    public Task<string> PublishCase(string caseId = "case-1", string? eventId = null) =>
        Publish(Some.CaseEvent, Some.CaseData(caseId), eventId);

    /// <summary>Publishes many such events in one request, with ids <c>{prefix}-0</c>, <c>{prefix}-1</c>, …</summary>
    public async Task<IReadOnlyList<string>> PublishCases(int count, string prefix)
    {
        var ids = new List<string>(count);
        foreach (var chunk in Enumerable.Range(0, count).Chunk(1000))
        {
            var events = new JsonArray([
                .. chunk.Select(n => new JsonObject
                {
                    ["eventName"] = Some.CaseEvent,
                    ["data"] = Some.CaseData($"{prefix}-{n}"),
                    ["id"] = $"{prefix}-{n}",
                }),
            ]);
            var answer = (await api.Post($"{Path}/events", events)).Expect(HttpStatusCode.Accepted);
            ids.AddRange(answer.Json["ids"]!.AsArray().Select(item => (string)item!));
        }

        return ids;
    }

    /// <summary>The audit log, newest first.</summary>
    public Task<IReadOnlyList<JsonNode>> AuditLog(string? type = null) =>
        api.GetAll($"{Path}/audit-logs" + (type is null ? "" : $"?type={type}"));

    /// <summary>Waits until the audit log has so many entries of a type, and returns them, newest first.</summary>
    public Task<IReadOnlyList<JsonNode>> Audited(string type, int count) =>
        Eventually.Get(
            () => AuditLog(type),
            entries => entries.Count >= count,
            entries => $"{count} entries {type}, {entries.Count} are there"
        );
}

/// <summary>A subscription that a test has made.</summary>
internal sealed record SubscriptionHandle(Organization Organization, string Id, string Token, Answer Created)
{
    public string Path => $"{Organization.Path}/subscriptions/{Id}";

    public string SigningSecret => (string)Created.Json["signingSecret"]!;

    /// <summary>The attempts, newest first.</summary>
    public Task<IReadOnlyList<JsonNode>> Attempts(string? outcome = null) =>
        Organization.Api.GetAll($"{Path}/deliveries" + (outcome is null ? "" : $"?outcome={outcome}"));

    /// <summary>Waits until so many attempts had an outcome, and returns them, newest first.</summary>
    public Task<IReadOnlyList<JsonNode>> Attempted(string outcome, int count) =>
        Eventually.Get(
            () => Attempts(outcome),
            attempts => attempts.Count >= count,
            attempts => $"{count} attempts {outcome}, {attempts.Count} are there"
        );
}

/// <summary>Valid things whose details don't matter.</summary>
internal static class Some
{
    public const string CaseEvent = "CaseArchivedEvent";

    public static JsonObject CaseData(string id) => new() { ["id"] = id, ["name"] = "Case of " + id };

    /// <summary>The body of a subscribe request; to all events where none is named.</summary>
    public static JsonObject Subscription(Uri url, string token, params string[] events) =>
        new()
        {
            ["name"] = "Scenario",
            ["url"] = url.OriginalString,
            ["token"] = token,
            ["events"] = new JsonArray([.. (events.Length == 0 ? ["*"] : events).Select(name => JsonValue.Create(name))]),
        };
}
