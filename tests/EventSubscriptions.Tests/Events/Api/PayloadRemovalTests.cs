using Azure.Data.Tables;
using EventSubscriptions.Events.Archive;
using EventSubscriptions.Http;
using EventSubscriptions.Tests.Storage;

namespace EventSubscriptions.Tests.Events.Api;

public sealed class PayloadRemovalOnAzuriteTests() : PayloadRemovalTests(new AzuriteStores());

public sealed class PayloadRemovalOnLocalStoresTests() : PayloadRemovalTests(new LocalStores());

public abstract class PayloadRemovalTests(ITableStores stores) : EventFunctionsTestBase(stores)
{
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
}
