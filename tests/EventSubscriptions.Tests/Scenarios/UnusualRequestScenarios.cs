using System.Net;
using EventSubscriptions.Tests.Scenarios.Harness;

namespace EventSubscriptions.Tests.Scenarios;

/// <summary>Unusual requests that succeed.</summary>
public sealed class UnusualRequestScenarios(SharedApp shared) : IClassFixture<SharedApp>
{
    [Fact]
    public async Task Replay_starts_with_the_archive_when_its_time_range_starts_earlier()
    {
        var subscription = await shared.NewOrganization().Subscribe(shared.Receiver.NewHook());

        foreach (
            var times in (string[])
                ["\"from\":\"0001-01-01T00:00:00Z\"", "\"from\":\"1600-12-31T23:59:59Z\",\"to\":\"1601-01-01T00:00:00Z\""]
        )
        {
            var response = await subscription.Organization.Api.Send(
                HttpMethod.Post,
                subscription.Path + "/replays",
                $$"""{{{times}},"dryRun":true}"""
            );

            var replay = response.Expect(HttpStatusCode.Accepted).Read<ReplayResult>();
            Assert.InRange(
                replay.From,
                DateTimeOffset.UtcNow.AddDays(-30).AddMinutes(-5),
                DateTimeOffset.UtcNow.AddDays(-30).AddMinutes(5)
            );
            Assert.Equal("completed", (await ReplayRuns.Ended(subscription, replay.Id)).State);
        }
    }

    [Theory]
    [InlineData("😀", 2029, "😁")]
    [InlineData("漢", 2000, "字")]
    public async Task Texts_of_maximum_length_are_stored_and_audited(string letter, int urlLength, string other)
    {
        var organization = shared.NewOrganization();
        string Body(string text) =>
            ClientJson.Write(
                new
                {
                    name = Repeat(text, 128),
                    description = Repeat(text, 1024),
                    url = "https://e.example/" + Repeat(text, urlLength),
                    token = new string('t', 4096),
                    events = new[] { "*" },
                }
            );

        var created = (await organization.Api.Send(HttpMethod.Post, organization.Path + "/subscriptions", Body(letter)))
            .Expect(HttpStatusCode.Created)
            .Read<SubscriptionResult>();
        (await organization.Api.Send(HttpMethod.Patch, $"{organization.Path}/subscriptions/{created.Id}", Body(other))).Expect(
            HttpStatusCode.OK
        );

        Assert.Equal(["subscription.updated", "subscription.created"], (await organization.AuditLog()).Select(entry => entry.Type));

        static string Repeat(string text, int count) => string.Concat(Enumerable.Repeat(text, count));
    }

    [Fact]
    public async Task Health_ignores_unknown_parameters()
    {
        (await shared.App.As(null).Get("/api/health?_=1")).Expect(HttpStatusCode.OK);
        Assert.Equal("", (await shared.App.As(null).Send(HttpMethod.Head, "/api/health?_=1")).Expect(HttpStatusCode.OK).Text);
    }

    [Fact]
    public async Task Change_is_accepted_when_If_Match_has_a_weak_tag()
    {
        var organization = shared.NewOrganization();
        var subscription = await organization.Subscribe(shared.Receiver.NewHook());

        (
            await organization.Api.Send(
                HttpMethod.Patch,
                subscription.Path,
                """{"name":"newer"}""",
                ifMatch: "W/" + subscription.Created.ETag
            )
        ).Expect(HttpStatusCode.OK);
    }
}
