using System.Net;

namespace EventSubscriptions.Tests.Scenarios.Harness;

/// <summary>Starts replays and waits for their end.</summary>
internal static class ReplayRuns
{
    /// <summary>Before all events of a test.</summary>
    public static readonly string LongAgo = DateTimeOffset.UtcNow.AddHours(-1).ToString("O");

    public static Task<ApiResponse> Post(SubscriptionHandle subscription, string only, bool dryRun = false) =>
        subscription.Organization.Api.Post(
            subscription.Path + "/replays",
            new
            {
                from = LongAgo,
                only,
                dryRun,
            }
        );

    public static async Task<string> Start(SubscriptionHandle subscription, string only, bool dryRun = false)
    {
        var response = (await Post(subscription, only, dryRun)).Expect(HttpStatusCode.Accepted);
        var id = response.Read<ReplayResult>().Id;
        Assert.Equal($"{subscription.Path}/replays/{id}", response.Location!.OriginalString);
        return id;
    }

    /// <summary>How many events a replay would send.</summary>
    public static async Task<long> Count(SubscriptionHandle subscription, string only) =>
        (await Ended(subscription, await Start(subscription, only, dryRun: true))).Matched;

    /// <summary>Starts a replay and returns it as it ended.</summary>
    public static async Task<ReplayResult> Run(SubscriptionHandle subscription, string only) =>
        await Ended(subscription, await Start(subscription, only));

    public static Task<ReplayResult> Get(SubscriptionHandle subscription, string id) =>
        subscription.Organization.Api.Get<ReplayResult>($"{subscription.Path}/replays/{id}");

    public static Task<ReplayResult> Ended(SubscriptionHandle subscription, string id) =>
        Eventually.Get(() => Get(subscription, id), replay => replay.EndedAt is not null, replay => $"the end of {replay}");

    /// <summary>Waits until that many events are archived: the dry run of a new subscription counts them.</summary>
    public static async Task Archived(Organization organization, int count)
    {
        var watcher = await organization.Subscribe(new Uri("http://127.0.0.1:8080/never"));
        await watcher.Change(new { isActive = false });
        await Eventually.Until(async () => await Count(watcher, "all") >= count, () => $"{count} archived events");
        (await organization.Api.Delete(watcher.Path)).Expect(HttpStatusCode.NoContent);
    }
}
