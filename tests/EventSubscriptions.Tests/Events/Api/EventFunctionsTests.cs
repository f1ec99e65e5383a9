using System.Text.Json;
using EventSubscriptions.Deliveries.Log;
using EventSubscriptions.Deliveries.Outcome;
using EventSubscriptions.Events;
using EventSubscriptions.Http;
using EventSubscriptions.Tests.Http;
using EventSubscriptions.Tests.Storage;

namespace EventSubscriptions.Tests.Events.Api;

public sealed class EventFunctionsOnAzuriteTests() : EventFunctionsTests(new AzuriteStores());

public sealed class EventFunctionsOnLocalStoresTests() : EventFunctionsTests(new LocalStores());

public abstract class EventFunctionsTests(ITableStores stores) : EventFunctionsTestBase(stores)
{
    [Fact]
    public async Task Events_are_listed_newest_first_in_pages()
    {
        await ArchiveAsync("a");
        await ArchiveAsync("b", source: EventSource.Air);
        await ArchiveAsync("c");

        var first = await ListAsync("?pageSize=2");
        var rest = await ListAsync($"?pageSize=2&continuationToken={first.Json.GetProperty("continuationToken").GetString()}");

        Assert.Equal(["c", "b"], Ids(first));
        Assert.Equal(["a"], Ids(rest));
        Assert.Equal(JsonValueKind.Null, rest.Json.GetProperty("continuationToken").ValueKind);
        Assert.Equal(
            """{"id":"b","eventName":"CaseClosedEvent","source":"air","publishedAt":"2026-01-31T10:00:01Z"}""",
            first.Json.GetProperty("items")[1].GetRawText()
        );
    }

    [Theory]
    [InlineData("?eventName=CaseClosedEvent", "c,a")]
    [InlineData("?eventName=caseclosedevent", "")]
    [InlineData("?source=air", "b")]
    [InlineData("?from=2026-01-31T10:00:01Z", "c,b")]
    [InlineData("?to=2026-01-31T10:00:01Z", "a")]
    [InlineData("?from=2026-01-31T10:00:01Z&to=2026-01-31T10:00:02Z", "b")]
    [InlineData("?to=0001-01-01T00:00:00Z", "")]
    [InlineData("?from=9999-12-31T23:59:59Z", "")]
    public async Task Events_are_filtered(string query, string ids)
    {
        await ArchiveAsync("a");
        await ArchiveAsync("b", "CaseCreatedEvent", EventSource.Air);
        await ArchiveAsync("c");

        Assert.Equal(ids, string.Join(',', Ids(await ListAsync(query))));
    }

    [Fact]
    public async Task Event_shows_its_payload_and_where_its_deliveries_stand()
    {
        await ArchiveAsync("a", source: EventSource.Relay);
        var delivered = await SubscribeAsync("delivered");
        var failed = await SubscribeAsync("failed");
        var postponed = await SubscribeAsync("postponed");
        await SubscribeAsync("no delivery");
        var log = new DeliveryLog(_tables);
        var now = new DateTimeOffset(2026, 1, 31, 10, 0, 1, TimeSpan.Zero);
        await log.AppendAsync(delivered, Attempt(1, DeliveryOutcome.Throttled, next: now.AddSeconds(5)), hasWaited: false, default);
        await log.AppendAsync(delivered, Attempt(2, DeliveryOutcome.Delivered), hasWaited: true, default);
        await log.AppendAsync(failed, Attempt(1, DeliveryOutcome.Failed, next: now.AddMinutes(5)), hasWaited: false, default);
        await log.WaitAsync(Delivery(postponed), now.AddMinutes(1), default);

        var reply = await GetAsync("a", Role.Analyst);

        Assert.Equal(200, reply.Status);
        Assert.Equal(Payload, reply.Json.GetProperty("payload").GetRawText());
        Assert.Equal(
            ("relay", "2026-01-31T10:00:00Z", _organization.Value),
            (
                reply.Json.GetProperty("source").GetString(),
                reply.Json.GetProperty("publishedAt").GetString(),
                reply.Json.GetProperty("organizationId").GetInt32()
            )
        );
        Assert.Equal(
            [
                $$"""{"subscriptionId":"{{delivered}}","subscriptionName":"delivered","outcome":"delivered","attempts":2,"lastAttemptAt":"2026-01-31T10:00:12Z"}""",
                $$$"""{"subscriptionId":"{{{failed}}}","subscriptionName":"failed","outcome":"failed","attempts":1,"lastAttemptAt":"2026-01-31T10:00:11Z","waiting":{"until":"2026-01-31T10:05:01Z","reason":"retry"}}""",
                $$$"""{"subscriptionId":"{{{postponed}}}","subscriptionName":"postponed","attempts":0,"waiting":{"until":"2026-01-31T10:01:01Z","reason":"postponed"}}""",
            ],
            reply.Json.GetProperty("deliveries").EnumerateArray().Select(item => item.GetRawText())
        );
    }

    [Theory]
    [InlineData(Role.Read, false)]
    [InlineData(Role.Analyst, true)]
    [InlineData(Role.Manage, true)]
    public async Task Payload_is_shown_to_analysts(Role role, bool isShown)
    {
        await ArchiveAsync("a");

        Assert.Equal(isShown, (await GetAsync("a", role)).Json.TryGetProperty("payload", out _));
    }

    [Theory]
    [InlineData("application/x-ndjson", true)]
    [InlineData("application/x-ndjson, */*", true)]
    [InlineData("application/json;q=0.5, application/x-ndjson", true)]
    [InlineData("application/x-ndjson;q=0, application/json", false)]
    [InlineData("application/json, application/x-ndjson;q=0.1", false)]
    [InlineData("application/x-ndjson-foo", false)]
    [InlineData("*/*", false)]
    [InlineData("", false)]
    public async Task Export_is_negotiated(string accept, bool isExport)
    {
        var http = Requests.Get();
        http.Headers.Accept = accept;

        var reply = await _functions.ListEvents(http, Context(Role.Read), default).Reply();

        Assert.Equal(isExport, reply.Headers.ContentType == "application/x-ndjson");
    }

    [Fact]
    public async Task Events_are_exported_as_lines_page_after_page()
    {
        for (var i = 0; i < 1_003; i++)
        {
            await ArchiveAsync($"evt-{i}");
        }

        var http = Requests.Get("?to=2027-01-01T00:00:00Z");
        http.Headers.Accept = "application/x-ndjson";
        var reply = await _functions.ListEvents(http, Context(Role.Read), default).Reply();

        Assert.Equal((200, "application/x-ndjson"), (reply.Status, reply.Headers.ContentType.ToString()));
        var lines = reply.Body.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(
            Enumerable.Range(0, 1_003).Reverse().Select(i => $"evt-{i}"),
            lines.Select(line => JsonDocument.Parse(line).RootElement.GetProperty("id").GetString())
        );
    }

    [Theory]
    [InlineData("b")]
    [InlineData("not an id")]
    public async Task Event_that_is_not_archived_is_not_found(string id)
    {
        await ArchiveAsync("a");

        Assert.Equal(404, (await GetAsync(id, Role.Manage)).Status);
        Assert.Equal(404, (await RemoveAsync(id)).Status);
        Assert.Empty(await AuditAsync());
    }
}
