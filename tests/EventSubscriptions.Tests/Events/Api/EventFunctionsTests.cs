using System.Text;
using System.Text.Json;
using Azure.Data.Tables;
using EventSubscriptions.Audit;
using EventSubscriptions.Deliveries;
using EventSubscriptions.Deliveries.Log;
using EventSubscriptions.Deliveries.Outcome;
using EventSubscriptions.Events;
using EventSubscriptions.Events.Api;
using EventSubscriptions.Events.Archive;
using EventSubscriptions.Http;
using EventSubscriptions.Organizations;
using EventSubscriptions.Storage;
using EventSubscriptions.Subscriptions;
using EventSubscriptions.Tests.Http;
using EventSubscriptions.Tests.Storage;

namespace EventSubscriptions.Tests.Events.Api;

public sealed class EventFunctionsOnAzuriteTests() : EventFunctionsTests(new AzuriteStores());

public sealed class EventFunctionsOnLocalStoresTests() : EventFunctionsTests(new LocalStores());

public abstract class EventFunctionsTests(ITableStores stores) : IAsyncLifetime
{
    private const string Payload = """{"eventName":"CaseClosedEvent","organizationId":1,"data":{"id":"1"}}""";

    private readonly TestClock _clock = new(new DateTimeOffset(2026, 1, 31, 10, 0, 0, TimeSpan.Zero));
    private readonly OrganizationId _organization = Given.Organization();
    private TableServiceClient _tables = null!;
    private EventArchive _archive = null!;
    private SubscriptionStore _subscriptions = null!;
    private EventFunctions _functions = null!;

    public async Task InitializeAsync()
    {
        _tables = await stores.ConnectAsync();
        _archive = new EventArchive(_tables, Given.Protector);
        _subscriptions = Given.SubscriptionStore(_tables, _clock);
        _functions = new EventFunctions(_archive, _subscriptions, new DeliveryLog(_tables), new AuditLog(_tables, _clock), _clock);
    }

    public Task DisposeAsync() => Task.CompletedTask;

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
    [InlineData("b")]
    [InlineData("not an id")]
    public async Task Event_that_is_not_archived_is_not_found(string id)
    {
        await ArchiveAsync("a");

        Assert.Equal(404, (await GetAsync(id, Role.Manage)).Status);
        Assert.Equal(404, (await RemoveAsync(id)).Status);
        Assert.Empty(await AuditAsync());
    }

    [Fact]
    public async Task Removed_payload_is_gone_for_good_and_its_event_stays()
    {
        await ArchiveAsync("a");
        _clock.Advance(TimeSpan.FromMinutes(1));

        var removed = await RemoveAsync("a");

        Assert.Equal((200, """{"payloadRemovedAt":"2026-01-31T10:01:01Z"}"""), (removed.Status, removed.Body));
        var row = (await _tables.GetTableClient("eventarchive").GetEntityAsync<TableEntity>($"{_organization}", "e:a")).Value;
        Assert.DoesNotContain(row, column => column.Value is byte[]);
        var shown = await GetAsync("a", Role.Manage);
        Assert.False(shown.Json.TryGetProperty("payload", out _));
        Assert.Equal("2026-01-31T10:01:01Z", shown.Json.GetProperty("payloadRemovedAt").GetString());
        Assert.Equal(
            ("CaseClosedEvent", "http"),
            (shown.Json.GetProperty("eventName").GetString(), shown.Json.GetProperty("source").GetString())
        );
        Assert.Equal(["a"], Ids(await ListAsync("")));

        // The same event is known, and its payload is not restored; a different one is refused.
        Assert.Equal(ArchiveResult.AlreadyThere, await ArchiveAsync("a"));
        Assert.Equal(ArchiveResult.IdReused, await ArchiveAsync("a", payload: Payload.Replace("\"1\"", "\"2\"", StringComparison.Ordinal)));
        Assert.Null((await _archive.GetAsync(_organization, Given.EventId("a"), default))!.Payload);
    }

    [Fact]
    public async Task Removal_is_audited_once()
    {
        await ArchiveAsync("a");

        var first = await RemoveAsync("a");
        _clock.Advance(TimeSpan.FromHours(1));
        var second = await RemoveAsync("a");

        Assert.Equal(first.Body, second.Body);
        var entry = Assert.Single(await AuditAsync());
        Assert.Equal(("event.payloadRemoved", "a", "CaseClosedEvent", "ops"), (entry.Type, entry.EventId, entry.EventName, entry.Actor));
    }

    [Fact]
    public async Task Concurrent_removals_are_audited_once()
    {
        await ArchiveAsync("a");

        await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => RemoveAsync("a")));

        Assert.Single(await AuditAsync());
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
    public async Task Payload_that_version_0_1_archived_without_a_fingerprint_can_be_removed()
    {
        await ArchiveAsync("a");
        var table = _tables.GetTableClient("eventarchive");
        var row = (await table.GetEntityAsync<TableEntity>($"{_organization}", "e:a")).Value;
        foreach (var column in (string[])["fingerprint", "source", "publishedAt"])
        {
            row.Remove(column);
        }

        await table.UpdateEntityAsync(row, row.ETag, TableUpdateMode.Replace);

        Assert.Equal(200, (await RemoveAsync("a")).Status);
        Assert.Equal(ArchiveResult.AlreadyThere, await ArchiveAsync("a"));
    }

    private async Task<ArchiveResult> ArchiveAsync(
        string id,
        string name = "CaseClosedEvent",
        EventSource source = EventSource.Http,
        string payload = Payload
    )
    {
        var result = await _archive.AddAsync(
            _organization,
            Given.EventId(id),
            EventName.Parse(name),
            source,
            Encoding.UTF8.GetBytes(payload),
            _clock.GetUtcNow(),
            default
        );
        _clock.Advance(TimeSpan.FromSeconds(result == ArchiveResult.Added ? 1 : 0));
        return result;
    }

    private async Task<SubscriptionId> SubscribeAsync(string name)
    {
        var subscription = Given.Subscription(_organization, _clock) with { Name = name, Id = SubscriptionId.New(_clock) };
        await _subscriptions.AddAsync(subscription, Given.Entry(subscription), default);
        _clock.Advance(TimeSpan.FromMilliseconds(1));
        return subscription.Id;
    }

    private static DeliveryAttempt Attempt(int number, DeliveryOutcome outcome, DateTimeOffset? next = null) =>
        new()
        {
            EventId = "a",
            EventName = "CaseClosedEvent",
            Attempt = number,
            Run = "event",
            At = new DateTimeOffset(2026, 1, 31, 10, 0, 10, TimeSpan.Zero),
            EndedAt = new DateTimeOffset(2026, 1, 31, 10, 0, 10 + number, TimeSpan.Zero),
            Outcome = outcome,
            NextAttemptAt = next,
        };

    private DeliveryMessage Delivery(SubscriptionId subscription) =>
        new()
        {
            OrganizationId = _organization,
            SubscriptionId = subscription,
            EventId = Given.EventId("a"),
            EventName = EventName.Parse("CaseClosedEvent"),
            Run = DeliveryRun.Event,
        };

    private Task<Reply> ListAsync(string query) => _functions.ListEvents(Requests.Get(query), Context(Role.Read), default).Reply();

    private Task<Reply> GetAsync(string id, Role role) => _functions.GetEvent(Requests.Get(), id, Context(role), default).Reply();

    private Task<Reply> RemoveAsync(string id) => _functions.RemovePayload(Requests.Get(), id, Context(Role.Manage), default).Reply();

    private TestFunctionContext Context(Role role) => new(new Caller(Given.Actor("ops"), role, null), _organization);

    private async Task<IReadOnlyList<AuditEntryResponse>> AuditAsync() =>
        (
            await new AuditLog(_tables, _clock).ListAsync(
                _organization,
                new AuditFilter(new TimeRange(null, null), null, null),
                new PageRequest("test", 100, null),
                default
            )
        ).Items;

    private static IEnumerable<string?> Ids(Reply reply) =>
        reply.Json.GetProperty("items").EnumerateArray().Select(item => item.GetProperty("id").GetString());
}
