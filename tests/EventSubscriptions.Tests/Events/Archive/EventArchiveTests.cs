using System.Security.Cryptography;
using System.Text;
using Azure.Data.Tables;
using EventSubscriptions.Events;
using EventSubscriptions.Events.Archive;
using EventSubscriptions.Organizations;
using EventSubscriptions.Storage;
using EventSubscriptions.Tests.Storage;

namespace EventSubscriptions.Tests.Events.Archive;

public sealed class EventArchiveOnAzuriteTests() : EventArchiveTests(new AzuriteStores());

public sealed class EventArchiveOnLocalStoresTests() : EventArchiveTests(new LocalStores());

public abstract class EventArchiveTests(ITableStores stores)
{
    private static readonly DateTimeOffset s_at = new(2026, 1, 31, 10, 0, 0, TimeSpan.Zero);

    private readonly OrganizationId _organization = Given.Organization();

    [Theory]
    [InlineData(1)]
    [InlineData((60 * 1024) - 100)]
    [InlineData(60 * 1024)]
    [InlineData(EventPayload.MaxBytes)]
    public async Task Payload_of_any_size_round_trips(int size)
    {
        var archive = await ArchiveAsync();
        var payload = RandomNumberGenerator.GetBytes(size);

        Assert.Equal(
            ArchiveResult.Added,
            await archive.AddAsync(_organization, Id("a"), EventName.Parse("AnEvent"), EventSource.Http, payload, s_at, default)
        );

        Assert.Equal(payload, (await archive.GetAsync(_organization, Id("a"), default))!.Payload!.Value.ToArray());
    }

    [Fact]
    public async Task Archive_is_unchanged_when_an_event_is_archived_again()
    {
        var archive = await ArchiveAsync();
        await archive.AddAsync(_organization, Id("a"), EventName.Parse("AnEvent"), EventSource.Http, Bytes("payload"), s_at, default);

        Assert.Equal(
            ArchiveResult.AlreadyThere,
            await archive.AddAsync(
                _organization,
                Id("a"),
                EventName.Parse("AnEvent"),
                EventSource.Http,
                Bytes("payload"),
                s_at.AddHours(2),
                default
            )
        );

        Assert.Equal(["e:a", $"t:{InvertedTicks.Format(s_at)}:a"], await KeysAsync());
    }

    [Fact]
    public async Task Different_event_with_the_same_id_is_refused()
    {
        var archive = await ArchiveAsync();
        await archive.AddAsync(_organization, Id("a"), EventName.Parse("AnEvent"), EventSource.Http, Bytes("first"), s_at, default);

        Assert.Equal(
            ArchiveResult.IdReused,
            await archive.AddAsync(_organization, Id("a"), EventName.Parse("AnEvent"), EventSource.Http, Bytes("other"), s_at, default)
        );

        Assert.Equal(Bytes("first"), (await archive.GetAsync(_organization, Id("a"), default))!.Payload!.Value.ToArray());
    }

    [Fact]
    public async Task Events_are_compared_by_fingerprint_after_a_change_of_keys()
    {
        await (await ArchiveAsync()).AddAsync(
            _organization,
            Id("a"),
            EventName.Parse("AnEvent"),
            EventSource.Http,
            Bytes("first"),
            s_at,
            default
        );
        var later = new EventArchive(await stores.ConnectAsync(), Given.ProtectorWithNewKey);

        Assert.True(await later.IsArchivedAsync(_organization, Id("a"), Bytes("first"), default));
        Assert.False(await later.IsArchivedAsync(_organization, Id("a"), Bytes("other"), default));
        Assert.Null(await later.IsArchivedAsync(_organization, Id("b"), Bytes("first"), default));

        var row = (await (await TableAsync()).GetEntityIfExistsAsync<TableEntity>(_organization.ToString(), "e:a")).Value!;
        Assert.StartsWith("test:", row.GetString("fingerprint"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Events_are_compared_by_payload_when_the_archive_has_no_fingerprint()
    {
        var archive = await ArchiveAsync();
        await archive.AddAsync(_organization, Id("a"), EventName.Parse("AnEvent"), EventSource.Http, Bytes("first"), s_at, default);
        var table = await TableAsync();
        var row = (await table.GetEntityIfExistsAsync<TableEntity>(_organization.ToString(), "e:a")).Value!;
        row.Remove("fingerprint");
        await table.UpsertEntityAsync(row, TableUpdateMode.Replace);

        Assert.True(await archive.IsArchivedAsync(_organization, Id("a"), Bytes("first"), default));
        Assert.False(await archive.IsArchivedAsync(_organization, Id("a"), Bytes("other"), default));
    }

    [Fact]
    public async Task Ids_are_scoped_to_their_organization()
    {
        var archive = await ArchiveAsync();
        var other = Given.Organization();
        await archive.AddAsync(_organization, Id("a"), EventName.Parse("AnEvent"), EventSource.Http, Bytes("mine"), s_at, default);

        Assert.Null(await archive.GetAsync(other, Id("a"), default));
        Assert.Equal(
            ArchiveResult.Added,
            await archive.AddAsync(other, Id("a"), EventName.Parse("AnEvent"), EventSource.Http, Bytes("theirs"), s_at, default)
        );
    }

    [Fact]
    public async Task Event_that_was_never_archived_is_not_found() =>
        Assert.Null(await (await ArchiveAsync()).GetAsync(_organization, Id("a"), default));

    [Fact]
    public async Task Event_is_archived_when_a_purge_left_its_pointer()
    {
        var archive = await ArchiveAsync();
        await archive.AddAsync(_organization, Id("a"), EventName.Parse("AnEvent"), EventSource.Http, Bytes("payload"), s_at, default);
        await (await TableAsync()).DeleteEntityAsync(_organization.ToString(), "e:a", Azure.ETag.All);

        Assert.Equal(
            ArchiveResult.Added,
            await archive.AddAsync(_organization, Id("a"), EventName.Parse("AnEvent"), EventSource.Http, Bytes("payload"), s_at, default)
        );
    }

    [Fact]
    public async Task Rows_have_the_event_name_and_an_encrypted_payload()
    {
        await (await ArchiveAsync()).AddAsync(
            _organization,
            Id("a"),
            EventName.Parse("AnEvent"),
            EventSource.Http,
            Bytes("hunter2"),
            s_at,
            default
        );

        await foreach (var row in Rows(await TableAsync()))
        {
            Assert.Equal("AnEvent", row.GetString("eventName"));
            Assert.DoesNotContain("hunter2", Encoding.UTF8.GetString(row.GetBinary("p0") ?? []), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Payload_that_was_moved_to_another_event_does_not_decrypt()
    {
        var archive = await ArchiveAsync();
        await archive.AddAsync(_organization, Id("a"), EventName.Parse("AnEvent"), EventSource.Http, Bytes("payload"), s_at, default);
        var table = await TableAsync();
        var row = (await table.GetEntityIfExistsAsync<TableEntity>(_organization.ToString(), "e:a")).Value!;
        row.RowKey = "e:b";
        await table.UpsertEntityAsync(row);

        await Assert.ThrowsAnyAsync<CryptographicException>(() => archive.GetAsync(_organization, Id("b"), default));
    }

    private static EventId Id(string text) => EventId.TryParse(text, out var id) ? id : throw new ArgumentException(text, nameof(text));

    private static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);

    private Azure.AsyncPageable<TableEntity> Rows(TableClient table) =>
        table.QueryAsync<TableEntity>(TableClient.CreateQueryFilter($"PartitionKey eq {_organization.ToString()}"));

    private async Task<List<string>> KeysAsync()
    {
        List<string> keys = [];
        await foreach (var row in Rows(await TableAsync()))
        {
            keys.Add(row.RowKey);
        }

        return keys;
    }

    private async Task<TableClient> TableAsync() => (await stores.ConnectAsync()).GetTableClient(TableNames.EventArchive);

    private async Task<EventArchive> ArchiveAsync() => new(await stores.ConnectAsync(), Given.Protector);
}
