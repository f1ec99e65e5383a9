using EventSubscriptions.Portal.Tests.Harness;
using EventSubscriptions.Portal.Tests.Pages;

namespace EventSubscriptions.Portal.Tests;

public sealed class FormatTests(PortalApp portal) : IClassFixture<PortalApp>
{
    [Fact]
    public async Task Known_receiver_fills_in_what_it_needs()
    {
        var organization = portal.NewOrganization();
        var hook = portal.Receiver.NewHook();
        await using var tab = await portal.OpenAsAdmin();
        var form = new SubscriptionForm(tab);
        await form.GoToNew(organization);

        await form.Receiver.SelectOptionAsync("splunkHec");
        await tab.ShowsText("The URL looks like https://splunk.example.com:8088/services/collector/event.");
        await Assertions.Expect(tab.Field("Header")).ToHaveValueAsync("Authorization");
        await Assertions.Expect(form.Preview).ToContainTextAsync("\"sourcetype\": \"event-subscriptions\"");
        await form.PreviewWith.SelectOptionAsync("CaseClosedEvent");
        await Assertions.Expect(form.Preview).ToContainTextAsync("\"eventName\": \"CaseClosedEvent\"");
        await form.Name.FillAsync("Splunk");
        await form.Url.FillAsync(hook.Url.AbsoluteUri);
        await tab.Field("Value").FillAsync("Splunk 0123");
        await form.EveryEvent.CheckAsync();
        await form.Create();
        await tab.Button("I have stored it").ClickAsync();

        await tab.ShowsText("a template for splunkHec");
        var request = await hook.Received(await organization.PublishCase("case-1"));
        Assert.Equal("Splunk 0123", request.Authorization);
        Assert.Contains("\"event\": {", System.Text.Encoding.UTF8.GetString(request.Body), StringComparison.Ordinal);
        Assert.Empty(tab.ConsoleErrors);
    }

    [Fact]
    public async Task URL_of_a_receiver_without_credentials_is_secret()
    {
        var organization = portal.NewOrganization();
        await using var tab = await portal.OpenAsAdmin();
        var form = new SubscriptionForm(tab);
        await form.GoToNew(organization);

        await form.Receiver.SelectOptionAsync("sentinel");
        await Assertions.Expect(tab.Field("Token URL")).ToHaveValueAsync("");
        await Assertions.Expect(tab.Field("Scope")).ToHaveValueAsync("https://monitor.azure.com//.default");
        await form.Receiver.SelectOptionAsync("slack");
        await form.Name.FillAsync("Slack");
        await form.Url.FillAsync("https://hooks.example.com/services/T0/B0/secret");
        await form.EveryEvent.CheckAsync();
        await form.Create();
        await tab.Button("I have stored it").ClickAsync();
        await tab.ShowsText("https://hooks.example.com/***");

        var created = Assert.Single(await organization.Subscriptions());
        Assert.Equal(("none", true, "slack"), (created.Authentication!.Type, created.UrlIsSecret, created.Format!.Preset));
    }

    [Fact]
    public async Task Own_template_is_kept_while_others_are_looked_at()
    {
        await using var tab = await portal.OpenAsAdmin();
        var form = new SubscriptionForm(tab);
        await form.GoToNew(portal.NewOrganization());

        await form.Format.SelectOptionAsync("template");
        await form.Template.FillAsync("my own");
        await form.Format.SelectOptionAsync("teams");
        await form.Format.SelectOptionAsync("template");

        await Assertions.Expect(form.Template).ToHaveValueAsync("my own");
    }

    [Fact]
    public async Task Template_is_previewed_while_it_is_typed()
    {
        var organization = portal.NewOrganization();
        await using var tab = await portal.OpenAsAdmin();
        var form = new SubscriptionForm(tab);
        await form.GoToNew(organization);
        await Assertions.Expect(form.Template).ToBeHiddenAsync();
        await Assertions.Expect(form.Preview).ToContainTextAsync("\"eventName\":\"CaseCreatedEvent\"");

        await form.Format.SelectOptionAsync("template");
        await form.Template.FillAsync("""{"text": {{ eventName | jsn }}}""");
        await form.ShowsError(form.Template, "there is no filter 'jsn'");
        await tab.ShowsText("The template has to be corrected first.");
        await form.Template.FillAsync("""{"text": {{ eventName | json }}, "key": {{ secrets.key | json }}}""");
        await tab.Field("Secrets of the template").FillAsync("key: s3cret-value");

        await Assertions.Expect(form.Preview).ToContainTextAsync("""{"text": "CaseCreatedEvent", "key": "***"}""");
        await Assertions.Expect(form.Template).ToHaveAttributeAsync("aria-invalid", "false");
    }

    [Fact]
    public async Task Secrets_of_a_template_stay_hidden_and_other_changes_keep_them()
    {
        var organization = portal.NewOrganization();
        var subscription = await organization.Subscribe(portal.Receiver.NewHook());
        var format = new
        {
            type = "template",
            body = """{"key": {{ secrets.key | json }}}""",
            secrets = new { key = "s3cret-value" },
        };
        await subscription.Change(new { format });
        await using var tab = await portal.OpenAsAdmin();
        var form = new SubscriptionForm(tab);
        await form.GoToEdit(subscription);
        await Assertions.Expect(tab.Field("Secrets of the template")).ToHaveValueAsync("key: ***");

        await form.Description.FillAsync("Changed");
        await form.Save();
        await tab.ShowsText("Changed");
        Assert.Equal(["key"], (await subscription.Get()).Format!.SecretNames);

        await form.GoToEdit(subscription);
        await form.Template.FillAsync("""{"key2": {{ secrets.key | json }}}""");
        await form.Save();
        await form.ShowsError(tab.Field("Secrets of the template"), "must be given in full");
        await form.Format.SelectOptionAsync("standard");
        await form.Save();
        await tab.ShowsText("as published");
        Assert.Null((await subscription.Get()).Format);
    }
}
