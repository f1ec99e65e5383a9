using System.Net;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using LocalHost.Hosting;

namespace LocalHost.Demo;

/// <summary>
/// Subscribes the inbox and publishes events through the HTTP API, as a person would with <c>curl</c>.
/// </summary>
internal sealed class DemoClient(HttpClient api)
{
    private const string Organization = "api/organizations/1";
    private const string Subscriptions = Organization + "/subscriptions";
    private const string Name = "Demo inbox";
    private const string AdminKeyHeader = "x-api-key";

    /// <summary>Sets the address of the app and the API key.</summary>
    public static void Configure(HttpClient api, string url, string adminKey)
    {
        api.BaseAddress = new Uri(url);
        api.DefaultRequestHeaders.Add(AdminKeyHeader, adminKey);
    }

    /// <summary>
    /// Creates the inbox's subscription, or reuses that of an earlier start. A reused one gets a new token and signing secret, because the
    /// old ones are unknown.
    /// </summary>
    /// <exception cref="StartupException">The app rejects the inbox as a receiver.</exception>
    public async Task<(string SigningSecret, string Token)> SubscribeAsync(Uri hook, CancellationToken cancellationToken)
    {
        var token = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));
        if (await FindAsync(cancellationToken) is not { } id)
        {
            var subscription = new JsonObject
            {
                ["name"] = Name,
                ["url"] = hook.AbsoluteUri,
                ["token"] = token,
                ["events"] = new JsonArray("*"),
            };
            var created = await SendAsync(HttpMethod.Post, Subscriptions, subscription, cancellationToken);
            return ((string)created["signingSecret"]!, token);
        }

        var change = new JsonObject
        {
            ["url"] = hook.AbsoluteUri,
            ["token"] = token,
            ["isActive"] = true,
        };
        await SendAsync(HttpMethod.Patch, $"{Subscriptions}/{id}", change, cancellationToken);
        var rotated = await SendAsync(
            HttpMethod.Post,
            $"{Subscriptions}/{id}/rotate-secret",
            new JsonObject { ["overlap"] = "00:00:00" },
            cancellationToken
        );
        return ((string)rotated["signingSecret"]!, token);
    }

    /// <summary>Gets an example event of each type.</summary>
    public async Task<IReadOnlyList<JsonObject>> GetExamplesAsync(CancellationToken cancellationToken)
    {
        var types = await SendAsync(HttpMethod.Get, "api/event-types", body: null, cancellationToken);
        return
        [
            .. types["items"]!
                .AsArray()
                .Select(type => new JsonObject
                {
                    ["eventName"] = (string)type!["name"]!,
                    ["data"] = type["example"]!["data"]!.DeepClone(),
                }),
        ];
    }

    public Task PublishAsync(JsonObject example, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Post, $"{Organization}/events", example, cancellationToken);

    private async Task<string?> FindAsync(CancellationToken cancellationToken)
    {
        string? token = "";
        while (token is not null)
        {
            var page = await SendAsync(
                HttpMethod.Get,
                $"{Subscriptions}?pageSize=1000{(token.Length == 0 ? "" : "&continuationToken=" + Uri.EscapeDataString(token))}",
                body: null,
                cancellationToken
            );
            if (page["items"]!.AsArray().FirstOrDefault(item => (string)item!["name"]! == Name) is { } found)
            {
                return (string)found["id"]!;
            }

            token = (string?)page["continuationToken"];
        }

        return null;
    }

    private async Task<JsonNode> SendAsync(HttpMethod method, string path, JsonNode? body, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(method, path) { Content = body is null ? null : JsonContent.Create(body) };
        using var response = await api.SendAsync(request, cancellationToken);
        var content = await response.Content.ReadFromJsonAsync<JsonNode>(cancellationToken) ?? new JsonObject();
        if (response.StatusCode == HttpStatusCode.BadRequest && content["errors"]?["url"] is not null)
        {
            throw new StartupException(
                """
                The demo's inbox has a plain http address on this machine, which the app doesn't allow for receivers by default.
                Set Deliveries__AllowInsecureDestinations=true. `dotnet run --project src/LocalHost -- --demo` sets it for you.
                """
            );
        }

        return response.IsSuccessStatusCode
            ? content
            : throw new StartupException(
                $"The demo could not be set up: {method} {path} returned {(int)response.StatusCode}, {content["title"]}."
            );
    }
}
