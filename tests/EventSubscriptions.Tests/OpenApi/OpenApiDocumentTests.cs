using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using EventSubscriptions.Deliveries;
using EventSubscriptions.Deliveries.Outcome;
using EventSubscriptions.Tests.Scenarios.Harness;

namespace EventSubscriptions.Tests.OpenApi;

/// <summary>The description as a document.</summary>
public sealed class OpenApiDocumentTests(SharedApp shared) : IClassFixture<SharedApp>
{
    [Fact]
    public async Task Document_is_valid_OpenAPI_with_valid_examples()
    {
        await DescriptionValidator.ReadyAsync();

        Assert.True(
            DescriptionValidator.Errors.Count == 0,
            $"Mend {Description.Folder}:\n{string.Join('\n', DescriptionValidator.Errors)}"
        );
    }

    [Fact]
    public async Task Document_is_anonymous_and_has_the_version_of_the_app()
    {
        var response = (await shared.App.As(null).Get("/api/openapi.json")).Expect(HttpStatusCode.OK);

        Assert.Equal(Description.Json, response.Text);
        Assert.Equal("application/json", response.ContentType);
        Assert.Equal(typeof(DeliveryMessage).Assembly.GetName().Version!.ToString(3), (string)response.Json["info"]!["version"]!);
    }

    [Fact]
    public async Task Document_is_not_sent_again_when_the_ETag_matches()
    {
        var tag = (await shared.App.As(null).Get("/api/openapi.json")).ETag!;

        var again = await shared.App.As(null).Send(HttpMethod.Get, "/api/openapi.json", null, null, null, ("If-None-Match", tag));
        var other = await shared.App.As(null).Send(HttpMethod.Get, "/api/openapi.json", null, null, null, ("If-None-Match", "\"another\""));

        Assert.Equal((HttpStatusCode.NotModified, "", tag), (again.Status, again.Text, again.ETag));
        Assert.Equal((HttpStatusCode.OK, tag), (other.Status, other.ETag));
    }

    [Fact]
    public void Document_describes_every_operation()
    {
        Assert.All(
            Description.Operations,
            operation =>
            {
                Assert.False(string.IsNullOrWhiteSpace((string?)operation.Definition["summary"]), $"{operation} has no summary.");
                Assert.False(string.IsNullOrWhiteSpace((string?)operation.Definition["description"]), $"{operation} has no description.");
                var tag = Assert.Single(operation.Definition["tags"]!.AsArray());
                Assert.Contains(Description.Document["tags"]!.AsArray(), known => (string)known!["name"]! == (string)tag!);
                Assert.All(
                    operation.Parameters,
                    parameter =>
                        Assert.False(string.IsNullOrWhiteSpace((string?)parameter["description"]), $"{operation}: {parameter["name"]}")
                );
            }
        );
    }

    [Fact]
    public void Shared_components_are_all_used()
    {
        var components = Description.Document["components"]!.AsObject();
        string[] kinds = ["parameters", "headers", "responses", "schemas"];

        Assert.All(
            kinds.SelectMany(kind => components[kind]!.AsObject().Select(component => $"#/components/{kind}/{component.Key}")),
            reference =>
                Assert.True(Description.Json.Contains($"\"{reference}", StringComparison.Ordinal), $"Nothing refers to {reference}.")
        );
    }

    [Fact]
    public async Task Request_to_a_receiver_is_as_described()
    {
        var organization = shared.NewOrganization();
        var hook = shared.Receiver.NewHook();
        var subscription = await organization.Subscribe(hook);
        await organization.PublishCase();
        (await organization.Api.Post($"{subscription.Path}/rotate-secret", new JsonObject())).Expect(HttpStatusCode.OK);
        (await organization.Api.Post($"{subscription.Path}/test", new JsonObject { ["eventName"] = "CaseClosedEvent" })).Expect(
            HttpStatusCode.OK
        );
        (
            await organization.Api.PutOnQueue(
                "events",
                Encoding.UTF8.GetBytes($$$"""{"eventName":"NewerThanTheCatalogue","organizationId":{{{organization.Id}}},"data":{}}""")
            )
        ).Expect(HttpStatusCode.Created);

        foreach (var request in await hook.Received(3))
        {
            var said = new
            {
                Webhook = "event",
                Path = "/",
                RequestHeaders = request.Headers.ToDictionary(
                    header => header.Key.ToLowerInvariant(),
                    header => header.Value,
                    StringComparer.Ordinal
                ),
                RequestBody = Encoding.UTF8.GetString(request.Body),
            };
            Assert.Empty(await DescriptionValidator.ProblemsOf(said));
            Assert.NotEmpty(await DescriptionValidator.ProblemsOf(said with { RequestBody = "{}" }));
        }
    }

    [Fact]
    public void Responses_of_receivers_have_the_described_outcome()
    {
        var responses = Description.Document["webhooks"]!["event"]!["post"]!["responses"]!.AsObject();

        Assert.All(
            Enumerable.Range(200, 400),
            status =>
            {
                var described = responses[$"{status}"] ?? responses[$"{status / 100}XX"] ?? responses["default"]!;
                Assert.Equal((string)described["x-outcome"]!, OutcomeOf(status, retryAfter: null));
                if (described["headers"]?["Retry-After"] is not null)
                {
                    Assert.Equal("throttled", OutcomeOf(status, retryAfter: "60"));
                }
            }
        );
    }

    private static string OutcomeOf(int status, string? retryAfter)
    {
        var result = new DeliveryResult
        {
            At = DateTimeOffset.UnixEpoch,
            Duration = TimeSpan.Zero,
            StatusCode = status,
            RetryAfter = retryAfter,
        };
        return ResponsePolicy
            .Decide(result, 1, new RetrySchedule([TimeSpan.FromSeconds(5)]), DateTimeOffset.UnixEpoch, new Random(1))
            .Outcome.ToName();
    }
}
