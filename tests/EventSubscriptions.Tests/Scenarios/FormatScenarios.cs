using System.Net;
using System.Text;
using System.Text.Json;
using EventSubscriptions.Tests.Scenarios.Harness;

namespace EventSubscriptions.Tests.Scenarios;

/// <summary>Receivers that want events in another form.</summary>
public sealed class FormatScenarios(SharedApp shared, StandardWebhooks library) : IClassFixture<SharedApp>, IClassFixture<StandardWebhooks>
{
    private const string Template =
        """{"text":{{ data.name | json }},"key":{{ secrets.key | json }},"id":"{{ eventId }}","at":"{{ timestamp }}"}""";

    [Fact]
    public async Task Receiver_gets_CloudEvents_that_are_equal_in_retries_and_resends()
    {
        var hook = shared.Receiver.NewHook().Responds(500, 200);
        var organization = shared.NewOrganization();
        var subscription = await organization.Subscribe(hook, Some.CaseEvent);
        Assert.Equal("cloudEvents", (await subscription.Change(new { format = new { type = "cloudEvents" } })).Format!.Type);

        var id = await organization.PublishCase("case-1");
        await subscription.Attempted("delivered", 1);
        (await organization.Api.Post($"{subscription.Path}/deliveries/{id}/resend", new { })).Expect(HttpStatusCode.Accepted);
        await subscription.Attempted("delivered", 2);

        Assert.Equal(3, hook.Requests.Count);
        Assert.Single(hook.Requests.Select(request => Encoding.UTF8.GetString(request.Body)).Distinct(StringComparer.Ordinal));
        var request = hook.Requests[0];
        Assert.Equal("application/cloudevents+json", request.ContentType);
        var cloudEvent = JsonElement.Parse(request.Body);
        Assert.Equal(id, cloudEvent.GetProperty("id").GetString());
        Assert.Equal($"/organizations/{organization.Id}", cloudEvent.GetProperty("source").GetString());
        Assert.Equal("Case of case-1", cloudEvent.GetProperty("data").GetProperty("name").GetString());
        await VerifySignature(subscription, request);
    }

    [Fact]
    public async Task Receiver_gets_what_the_template_makes_and_nobody_else_its_secrets()
    {
        const string Secret = "s3cret-of-the-template";
        var hook = shared.Receiver.NewHook();
        var organization = shared.NewOrganization();
        var subscription = await organization.Subscribe(hook, Some.CaseEvent);
        var format = new
        {
            type = "template",
            body = Template,
            secrets = new { key = Secret },
        };

        var changed = await subscription.Change(new { format });
        await organization.PublishCase("case-1");
        await subscription.Attempted("delivered", 1);

        var request = Assert.Single(hook.Requests);
        var body = JsonElement.Parse(request.Body);
        Assert.Equal("Case of case-1", body.GetProperty("text").GetString());
        Assert.Equal(Secret, body.GetProperty("key").GetString());
        await VerifySignature(subscription, request);
        Assert.Equal(["key"], changed.Format!.SecretNames);
        Assert.Equal(Template, changed.Format.Body);
        var log = await organization.AuditLogText();
        Assert.DoesNotContain(Secret, log, StringComparison.Ordinal);
        Assert.DoesNotContain("secrets.key", log, StringComparison.Ordinal);
        Assert.Contains("\"format\"", log, StringComparison.Ordinal);
        Assert.DoesNotContain(Secret, shared.App.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Template_that_fails_on_an_event_is_a_failed_attempt_with_a_hint()
    {
        var hook = shared.Receiver.NewHook();
        var organization = shared.NewOrganization();
        var subscription = await organization.Subscribe(hook, Some.CaseEvent);
        await subscription.Change(new { format = new { type = "template", body = """{"count":{{ data.count }}}""" } });

        await organization.PublishCase("case-1");
        await organization.Audited("delivery.deadLettered", 1);

        Assert.Empty(hook.Requests);
        var attempt = (await subscription.Attempts("failed"))[0];
        Assert.Equal("template", attempt.Error!.Kind);
        Assert.Equal("The template failed on the event: its output is not valid JSON (line 1, byte 10).", attempt.Error.Detail);
        var entry = (await organization.AuditLog("delivery.failed"))[0];
        Assert.Contains("allow for fields that are missing", entry.Error!.Hint, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Preview_shows_what_would_be_sent()
    {
        var organization = shared.NewOrganization();
        var id = await organization.PublishCase("case-1");
        await Eventually.Until(
            async () => (await organization.Api.Send(HttpMethod.Get, $"{organization.Path}/events/{id}")).Status == HttpStatusCode.OK,
            () => "the event in the archive"
        );
        var format = new
        {
            type = "template",
            body = Template,
            secrets = new { key = "a secret" },
        };

        var archived = await Preview(organization, new { format, eventId = id });
        var example = await Preview(organization, new { format = new { type = "cloudEvents" }, eventName = "CaseClosedEvent" });
        var standard = await Preview(organization, new { format = new { type = "standard" } });

        Assert.Equal((id, Some.CaseEvent, "application/json"), (archived.EventId, archived.EventName, archived.ContentType));
        Assert.StartsWith("""{"text":"Case of case-1","key":"***","id":"evt_""", archived.Body, StringComparison.Ordinal);
        Assert.Equal("CaseClosedEvent", JsonElement.Parse(example.Body).GetProperty("type").GetString());
        Assert.StartsWith("""{"eventName":"CaseCreatedEvent",""", standard.Body, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(
        """{"format":{"type":"template","body":"{{ 1 | divided_by: 0 }}"}}""",
        "format.body",
        "fails on this event: it divides by zero"
    )]
    [InlineData("""{"format":{"type":"template","body":"{{ x"}}""", "format.body", "is not a valid template")]
    [InlineData("""{"format":null}""", "format", "is required")]
    [InlineData("""{}""", "format", "is required")]
    [InlineData("""{"format":{"type":"standard"},"eventId":"evt_unknown"}""", "eventId", "is not the id of an archived event")]
    [InlineData("""{"format":{"type":"standard"},"eventName":"CaseClosdEvent"}""", "eventName", "did you mean 'CaseClosedEvent'?")]
    [InlineData(
        """{"format":{"type":"standard"},"eventName":"CaseClosedEvent","eventId":"x"}""",
        "eventName",
        "must not be given together"
    )]
    public async Task Preview_explains_a_mistake(string request, string field, string expected)
    {
        var organization = shared.NewOrganization();

        var response = await organization.Api.Send(HttpMethod.Post, $"{organization.Path}/subscriptions/preview", request);

        response.Expect(HttpStatusCode.BadRequest);
        var errors = JsonElement.Parse(response.Text).GetProperty("errors");
        Assert.Contains(expected, errors.GetProperty(field)[0].GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Secrets_of_a_template_are_given_again_when_the_URL_leads_elsewhere()
    {
        var organization = shared.NewOrganization();
        var subscription = await organization.Subscribe(shared.Receiver.NewHook(), Some.CaseEvent);
        await subscription.Change(
            new
            {
                format = new
                {
                    type = "template",
                    body = Template,
                    secrets = new { key = "a secret" },
                },
            }
        );

        var response = await organization.Api.Send(
            HttpMethod.Patch,
            subscription.Path,
            JsonSerializer.Serialize(new { url = shared.Receiver.NewHook().Url, token = "another-token" })
        );

        response.Expect(HttpStatusCode.BadRequest);
        var errors = JsonElement.Parse(response.Text).GetProperty("errors");
        Assert.StartsWith("must be given again", errors.GetProperty("format")[0].GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Templates_are_listed_without_a_key()
    {
        var response = await shared.App.As(null).Send(HttpMethod.Get, "/api/templates");

        response.Expect(HttpStatusCode.OK);
        var names = JsonElement
            .Parse(response.Text)
            .GetProperty("items")
            .EnumerateArray()
            .Select(item => item.GetProperty("name").GetString());
        Assert.Equal(["generic", "pagerDuty", "sentinel", "serviceNow", "slack", "splunkHec", "teams", "theHive"], names);
    }

    private async Task VerifySignature(SubscriptionHandle subscription, ReceivedRequest request) =>
        Assert.Equal(StandardWebhooks.Valid, await library.Verify(request, subscription.Created.Read<SubscriptionResult>().SigningSecret!));

    private static async Task<PreviewResult> Preview(Organization organization, object request) =>
        (await organization.Api.Post($"{organization.Path}/subscriptions/preview", request))
            .Expect(HttpStatusCode.OK)
            .Read<PreviewResult>();
}
