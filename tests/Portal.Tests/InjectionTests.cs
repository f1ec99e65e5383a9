using System.Text;
using EventSubscriptions.Portal.Tests.Harness;
using EventSubscriptions.Portal.Tests.Pages;

namespace EventSubscriptions.Portal.Tests;

/// <summary>Whatever operators, events and receivers say is shown as it is, and does nothing.</summary>
public sealed class InjectionTests(PortalApp portal) : IClassFixture<PortalApp>
{
    private const string Markup =
        """<img src=x onerror="window.harmed=1"><script>window.harmed=1</script>"'><svg onload=window.harmed=1>{{7*7}}${7*7}""";

    [Fact]
    public async Task Markup_and_script_in_every_field_are_only_text()
    {
        var organization = portal.NewOrganization();
        var hook = portal.Receiver.NewHook().Responds(500, 200).WithBody(Markup);
        var request = Some.Subscription(
            new Uri(hook.Url, hook.Url.AbsolutePath + "?q=<script>harmed=1</script>&<b>"),
            "a-token-of-its-own",
            "CaseArchivedEvent"
        ) with
        {
            Name = Markup,
            Description = Markup,
        };
        var subscription = await organization.Subscribe(request);
        var eventId = await organization.Publish(
            Some.CaseEvent,
            new Dictionary<string, string>(StringComparer.Ordinal)
            {
                { "id", Markup },
                { "name", Markup },
                { Markup, Markup },
            }
        );
        await subscription.Attempted("delivered", 1);
        await organization.Audited("delivery.failed", 1);
        var external = new
        {
            eventName = "<b>Event</b>",
            organizationId = organization.Id,
            data = new { a = Markup },
        };
        await organization.Api.PutOnQueue("events", Encoding.UTF8.GetBytes(ClientJson.Write(external)), "<i>id</i>");
        await organization.Api.Post(
            "/api/keys",
            new
            {
                name = Markup,
                role = "read",
                organizationId = organization.Id,
            }
        );
        await using var tab = await portal.OpenAsAdmin();

        await Holds(tab, $"organizations/{organization.Id}/subscriptions", Markup);
        await Holds(tab, $"organizations/{organization.Id}/subscriptions/{subscription.Id}", Markup);
        await Holds(tab, $"organizations/{organization.Id}/subscriptions/{subscription.Id}/replays", Markup);
        await Holds(tab, $"organizations/{organization.Id}/subscriptions/{subscription.Id}/deliveries/{eventId}", Markup);
        await Holds(tab, $"organizations/{organization.Id}/audit-log", Markup);
        await tab.Button("Show the details of “Delivery failed”").ClickAsync();
        await Holds(tab, "keys", Markup);
        await Holds(tab, "event-types/" + Uri.EscapeDataString(Markup), Markup);
        await tab.GoTo($"organizations/{Uri.EscapeDataString(Markup)}/subscriptions?isActive={Uri.EscapeDataString(Markup)}");
        await tab.ShowsText("Organization not found.");

        var form = new SubscriptionForm(tab);
        await form.GoToEdit(subscription);
        await Assertions.Expect(form.Name).ToHaveValueAsync(Markup);
        await Assertions.Expect(form.Description).ToHaveValueAsync(Markup);
        await new SubscriptionPage(tab).GoTo(subscription);
        await tab.Button("Delete").ClickAsync();
        await Assertions.Expect(tab.Dialog).ToContainTextAsync(Markup);
        Assert.Empty(await tab.Page.Locator("main script, main img, main b, main i, dialog img").AllAsync());
    }

    [Fact]
    public async Task Response_to_a_test_is_only_text()
    {
        var organization = portal.NewOrganization();
        var subscription = await organization.Subscribe(portal.Receiver.NewHook().Responds(500).WithBody(Markup));
        await using var tab = await portal.OpenAsAdmin();
        var page = new SubscriptionPage(tab);
        await page.GoTo(subscription);

        await page.Press("Send test event");
        await tab.Button("Send").ClickAsync();

        await Assertions.Expect(tab.Dialog.GetByRole(AriaRole.Group, new() { Name = "Response" })).ToHaveTextAsync(Markup);
        Assert.True(await IsUnharmed(tab));
    }

    private static async Task Holds(Tab tab, string view, string text)
    {
        await tab.GoTo(view);
        await tab.Settled();
        await Assertions
            .Expect(tab.Page.Locator("h1, td, p, pre").Filter(new() { HasText = text, Visible = true }).First)
            .ToBeVisibleAsync();
        Assert.True(await IsUnharmed(tab), $"{view} ran a script.");
    }

    private static Task<bool> IsUnharmed(Tab tab) =>
        tab.Page.EvaluateAsync<bool>("!('harmed' in window) && !document.querySelector('main script, main img')");
}
