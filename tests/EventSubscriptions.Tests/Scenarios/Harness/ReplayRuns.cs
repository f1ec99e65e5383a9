using System.Net;
using System.Text.Json.Nodes;

namespace EventSubscriptions.Tests.Scenarios.Harness;

/// <summary>Replays as an operator starts and watches them.</summary>
internal static class ReplayRuns
{
    /// <summary>Before anything that a test does.</summary>
    public static readonly string LongAgo = DateTimeOffset.UtcNow.AddHours(-1).ToString("O");

    public static JsonObject Body(string only, bool dryRun = false) =>
        new()
        {
            ["from"] = LongAgo,
            ["only"] = only,
            ["dryRun"] = dryRun,
        };

    public static async Task<string> Start(SubscriptionHandle subscription, string only, bool dryRun = false)
    {
        var answer = (await subscription.Organization.Api.Post(subscription.Path + "/replays", Body(only, dryRun))).Expect(
            HttpStatusCode.Accepted
        );
        Assert.Equal($"{subscription.Path}/replays/{(string)answer.Json["id"]!}", answer.Location!.OriginalString);
        return (string)answer.Json["id"]!;
    }

    /// <summary>How many events a replay would send.</summary>
    public static async Task<int> Count(SubscriptionHandle subscription, string only) =>
        (int)(await Ended(subscription, await Start(subscription, only, dryRun: true)))["matched"]!;

    /// <summary>Starts a replay and returns it as it ended.</summary>
    public static async Task<JsonNode> Run(SubscriptionHandle subscription, string only) =>
        await Ended(subscription, await Start(subscription, only));

    public static async Task<JsonNode> Get(SubscriptionHandle subscription, string id) =>
        (await subscription.Organization.Api.Get($"{subscription.Path}/replays/{id}")).Expect(HttpStatusCode.OK).Json;

    public static Task<JsonNode> Ended(SubscriptionHandle subscription, string id) =>
        Eventually.Get(
            () => Get(subscription, id),
            replay => replay["endedAt"] is not null,
            replay => $"the end of {replay.ToJsonString()}"
        );

    /// <summary>Waits until so many events are in the archive: a dry run of a subscription that has never had any counts them.</summary>
    public static async Task Archived(Organization organization, int count)
    {
        var watcher = await organization.Subscribe(new Uri("http://127.0.0.1:8080/never"));
        (await organization.Api.Patch(watcher.Path, new JsonObject { ["isActive"] = false })).Expect(HttpStatusCode.OK);
        await Eventually.Until(async () => await Count(watcher, "all") >= count, () => $"{count} archived events");
        (await organization.Api.Delete(watcher.Path)).Expect(HttpStatusCode.NoContent);
    }
}
