using System.Net;

namespace EventSubscriptions.Portal.Tests.Harness;

/// <summary>An organization in which every view has something to show.</summary>
internal sealed class Sample
{
    private static readonly SemaphoreSlim s_once = new(1);
    private static Sample? s_shared;

    private Sample(Organization organization) => Organization = organization;

    public Organization Organization { get; }

    public string Failing { get; private set; } = "";

    public string Busy { get; private set; } = "";

    public string EventId { get; private set; } = "";

    /// <summary>Every view that can be shown with the admin key, by a name for its files and by its address.</summary>
    public IEnumerable<(string Name, string View)> Views
    {
        get
        {
            var organization = $"organizations/{Organization.Id}";
            yield return ("organizations", "organizations");
            yield return ("overview", organization);
            yield return ("events", $"{organization}/events");
            yield return ("event", $"{organization}/events/{EventId}");
            yield return ("subscriptions", $"{organization}/subscriptions");
            yield return ("new-subscription", $"{organization}/new-subscription");
            yield return ("subscription", $"{organization}/subscriptions/{Busy}");
            yield return ("failing-subscription", $"{organization}/subscriptions/{Failing}");
            yield return ("edit-subscription", $"{organization}/subscriptions/{Failing}/edit");
            yield return ("delivery", $"{organization}/subscriptions/{Failing}/deliveries/{EventId}");
            yield return ("replays", $"{organization}/subscriptions/{Busy}/replays");
            yield return ("audit-log", $"{organization}/audit-log");
            yield return ("system-audit-log", "audit-log");
            yield return ("event-types", "event-types");
            yield return ("event-type", "event-types/RelayAlertStartedEvent");
            yield return ("keys", "keys");
            yield return ("relay", "relay");
            yield return ("not-found", "nowhere");
        }
    }

    /// <summary>The one for tests that only look.</summary>
    public static async Task<Sample> Shared(PortalApp portal)
    {
        await s_once.WaitAsync();
        try
        {
            return s_shared ??= await Make(portal);
        }
        finally
        {
            s_once.Release();
        }
    }

    private static async Task<Sample> Make(PortalApp portal)
    {
        var sample = new Sample(portal.NewOrganization());
        sample.Busy = await sample.Subscribe(
            "Case management",
            "Opens a ticket for each case.",
            portal.Receiver.NewHook().Url,
            "CaseCreatedEvent",
            "CaseClosedEvent",
            "CaseArchivedEvent",
            "TaskCompletedEvent"
        );
        sample.Failing = await sample.Subscribe(
            "SIEM forwarder",
            null,
            portal.Receiver.NewHook().Responds(200, 200, 500).WithBody("""{"error":"index is read-only"}""").Url,
            "*"
        );
        var old = await sample.Subscribe(
            "Old archive",
            "To be switched off in spring.",
            portal.Receiver.NewHook().Responds(410).WithBody("Gone for good.").Url,
            "CaseArchivedEvent"
        );
        var busy = await sample.Subscribe(
            "Chat announcements",
            null,
            portal.Receiver.NewHook().Responds(200, 429, 200).WithBody("Slow down.").Url,
            "*"
        );
        var paused = await sample.Subscribe("Data warehouse", "Waits for its new endpoint.", portal.Receiver.NewHook().Url, "*");
        await sample.Change(paused, new { isActive = false });
        foreach (var (name, data) in Events())
        {
            sample.EventId = await sample.Organization.Publish(name, data);
        }

        await Eventually.Until(
            async () => await sample.Attempts(sample.Failing) >= 8 && await sample.Attempts(sample.Busy) >= 6,
            () => "the sample's deliveries"
        );
        await Eventually.Until(
            async () => (await sample.Organization.AuditLog("subscription.deactivated")).Count >= 2,
            () => $"the deactivation of {old}"
        );
        var replay = new { from = "2026-01-01T00:00:00Z", dryRun = true };
        (await sample.Organization.Api.Post($"{sample.Organization.Path}/subscriptions/{sample.Busy}/replays", replay)).Expect(
            HttpStatusCode.Accepted
        );
        await Keys.Issue(portal.App, "read", sample.Organization.Id);
        _ = busy;
        return sample;
    }

    private static IEnumerable<(string Name, object Data)> Events()
    {
        foreach (var (id, name) in new[] { ("case-1041", "Phishing in accounting"), ("case-1042", "Lost laptop") })
        {
            yield return (
                "CaseCreatedEvent",
                new
                {
                    id,
                    name,
                    ownerUser = "dana",
                }
            );
            yield return (
                "CaseClosedEvent",
                new
                {
                    id,
                    name,
                    closedOn = "2026-11-22T09:30:00Z",
                }
            );
            yield return ("CaseArchivedEvent", new { id, name });
        }
    }

    private async Task<string> Subscribe(string name, string? description, Uri url, params string[] events)
    {
        var request = Some.Subscription(url, "token-of-" + Guid.NewGuid().ToString("N"), events) with
        {
            Name = name,
            Description = description,
        };
        return (await Organization.Subscribe(request)).Id;
    }

    private async Task Change(string id, object change) =>
        (await Organization.Api.Patch($"{Organization.Path}/subscriptions/{id}", change)).Expect(HttpStatusCode.OK);

    private async Task<int> Attempts(string id) =>
        (await Organization.Api.GetAll<AttemptResult>($"{Organization.Path}/subscriptions/{id}/deliveries")).Count;
}
