using System.Net;
using System.Text.Json.Nodes;

namespace TestSupport.App;

/// <summary>Access keys, made by the admin.</summary>
internal static class Keys
{
    private static int s_last;

    /// <summary>Issues a key and returns the answer, with its id.</summary>
    public static async Task<JsonNode> Issue(AppProcess app, string role, int? organizationId = null)
    {
        var body = new JsonObject { ["name"] = $"{role} {Interlocked.Increment(ref s_last)} of a scenario", ["role"] = role };
        if (organizationId is { } id)
        {
            body["organizationId"] = id;
        }

        return (await app.AsAdmin().Post("/api/keys", body)).Expect(HttpStatusCode.Created).Json;
    }

    /// <summary>Issues a key and returns the key itself.</summary>
    public static async Task<string> Create(AppProcess app, string role, int? organizationId = null) =>
        (string)(await Issue(app, role, organizationId))["key"]!;
}
