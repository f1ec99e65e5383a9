using Azure;
using Azure.Data.Tables;
using EventSubscriptions.Organizations;
using EventSubscriptions.Secrets;
using EventSubscriptions.Storage;

namespace EventSubscriptions.Events.Archive;

/// <summary>The table <c>eventarchive</c>: every payload by event id, encrypted, and a pointer to it by the time of the event.</summary>
public sealed class EventArchive(TableServiceClient tables, SecretProtector protector)
{
    private const string PayloadColumn = "payload";
    private const string EventNameColumn = "eventName";
    private const string FingerprintColumn = "fingerprint";
    private const string PointerPrefix = "t:";

    /// <summary>The largest piece of a payload in one property, which may hold 64 KiB.</summary>
    private const int ChunkBytes = 60 * 1024;

    private static readonly string[] s_fingerprintColumns = [FingerprintColumn];
    private static readonly string[] s_pointerColumns = [nameof(TableEntity.RowKey), EventNameColumn];

    private readonly TableClient _table = tables.GetTableClient(TableNames.EventArchive);

    /// <summary>Keeps an event. The same event again changes nothing; another one of the same id is refused.</summary>
    /// <param name="organization">Whose event it is.</param>
    /// <param name="id">The event's id.</param>
    /// <param name="eventName">The event's name.</param>
    /// <param name="payload">As it is sent, of at most <see cref="EventPayload.MaxBytes"/>.</param>
    /// <param name="at">When the event was put on its queue.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task<ArchiveResult> AddAsync(
        OrganizationId organization, EventId id, string eventName, ReadOnlyMemory<byte> payload, DateTimeOffset at, CancellationToken cancellationToken)
    {
        var row = new TableEntity(organization.ToString(), RowKey(id)) 
        {
            [EventNameColumn] = eventName,
            [FingerprintColumn] = protector.Fingerprint(payload.Span),
        };
        var ciphertext = protector.Protect(payload.Span, Place(organization, id));
        for (int index = 0, offset = 0; offset < ciphertext.Length; index++, offset += ChunkBytes)
        {
            row[ChunkColumn(index)] = ciphertext[offset..Math.Min(offset + ChunkBytes, ciphertext.Length)];
        }

        var pointer = new TableEntity(organization.ToString(), $"{PointerPrefix}{InvertedTicks.Format(at)}:{id}") { [EventNameColumn] = eventName };
        while (true)
        {
            try
            {
                // The pointer may be there without its payload, where a purge was interrupted.
                await _table.SubmitTransactionAsync(
                    [new(TableTransactionActionType.Add, row), new(TableTransactionActionType.UpsertReplace, pointer)], cancellationToken);
                return ArchiveResult.Added;
            }
            catch (RequestFailedException conflict) when (conflict.Status == 409)
            {
                if (await IsArchivedAsync(organization, id, payload, cancellationToken) is { } isSame)
                {
                    return isSame ? ArchiveResult.AlreadyThere : ArchiveResult.IdReused;
                }

                // It was purged in between: add it again.
            }
        }
    }

    /// <summary>Whether the event of an id is this one; null where there is none.</summary>
    public async Task<bool?> IsArchivedAsync(OrganizationId organization, EventId id, ReadOnlyMemory<byte> payload, CancellationToken cancellationToken)
    {
        var response = await _table.GetEntityIfExistsAsync<TableEntity>(organization.ToString(), RowKey(id), s_fingerprintColumns, cancellationToken);
        if (!response.HasValue)
        {
            return null;
        }

        // Version 0.1 archived without fingerprints.
        return response.Value!.GetString(FingerprintColumn) is { } fingerprint
            ? protector.HasFingerprint(payload.Span, fingerprint)
            : (await GetAsync(organization, id, cancellationToken))?.Span.SequenceEqual(payload.Span);
    }

    /// <summary>
    /// The payload as it is sent, or null where it is no longer archived. Throws <see cref="System.Security.Cryptography.CryptographicException"/>
    /// where its key is no longer among <c>Secrets__Keys</c>.
    /// </summary>
    public async Task<ReadOnlyMemory<byte>?> GetAsync(OrganizationId organization, EventId id, CancellationToken cancellationToken) =>
        (await FindAsync(organization, id, cancellationToken))?.Payload;

    /// <summary>The payload and when it was archived, or null as above.</summary>
    public async Task<ArchivedEvent?> FindAsync(OrganizationId organization, EventId id, CancellationToken cancellationToken)
    {
        var response = await _table.GetEntityIfExistsAsync<TableEntity>(organization.ToString(), RowKey(id), cancellationToken: cancellationToken);
        return response.HasValue
            ? new ArchivedEvent(
                response.Value!.GetString(EventNameColumn)!,
                protector.Unprotect(Ciphertext(response.Value!), Place(organization, id)),
                response.Value!.Timestamp)
            : null;
    }

    /// <summary>The next events of a span of time, newest first: those that were put on their queue then.</summary>
    /// <param name="organization">Whose events they are.</param>
    /// <param name="from">The first moment of the span.</param>
    /// <param name="to">The first moment after it.</param>
    /// <param name="after">Where the page before has ended, or null for the first.</param>
    /// <param name="count">How many at most.</param>
    /// <param name="cancellationToken">Ends the read.</param>
    internal async Task<EventPage> ListAsync(
        OrganizationId organization, DateTimeOffset from, DateTimeOffset to, string? after, int count, CancellationToken cancellationToken)
    {
        var (atLeast, below) = InvertedTicks.KeyRange(from, to);
        var range = new RowRange(organization.ToString(), PointerPrefix + atLeast, PointerPrefix + below);
        List<EventPointer> events = [];
        await foreach (var row in _table.QueryAsync<TableEntity>(range.ToFilter(after), select: s_pointerColumns, cancellationToken: cancellationToken))
        {
            events.Add(Pointer(row));
            if (events.Count == count)
            {
                return new EventPage(events, row.RowKey);
            }
        }

        return new EventPage(events, null);
    }

    private static EventPointer Pointer(TableEntity row)
    {
        var key = row.RowKey[PointerPrefix.Length..];
        return InvertedTicks.TryParse(key, out var at) && EventId.TryParse(key[(InvertedTicks.Length + 1)..], out var id)
            ? new EventPointer(at, id, row.GetString(EventNameColumn)!)
            : throw new InvalidDataException($"The row '{row.RowKey}' of the table {TableNames.EventArchive} points to no event.");
    }

    private static byte[] Ciphertext(TableEntity row)
    {
        List<byte[]> chunks = [];
        while (row.GetBinary(ChunkColumn(chunks.Count)) is { } chunk)
        {
            chunks.Add(chunk);
        }

        if (chunks is [var only])
        {
            return only;
        }

        var all = new byte[chunks.Sum(chunk => chunk.Length)];
        var length = 0;
        foreach (var chunk in chunks)
        {
            chunk.CopyTo(all, length);
            length += chunk.Length;
        }

        return all;
    }

    private static string RowKey(EventId id) => $"e:{id}";

    private static string ChunkColumn(int index) => $"p{index}";

    private static SecretPlace Place(OrganizationId organization, EventId id) =>
        new(TableNames.EventArchive, organization.ToString(), RowKey(id), PayloadColumn);
}

/// <summary>An event in the archive.</summary>
/// <param name="EventName">Its name.</param>
/// <param name="Payload">As it is sent.</param>
/// <param name="At">When it was archived, by the clock of the storage: before its first delivery.</param>
public sealed record ArchivedEvent(string EventName, ReadOnlyMemory<byte> Payload, DateTimeOffset? At);

/// <summary>Says when an event was put on its queue.</summary>
internal sealed record EventPointer(DateTimeOffset At, EventId Id, string EventName);

/// <summary>Some events of a span of time.</summary>
/// <param name="Events">Newest first.</param>
/// <param name="Last">What the next page comes after, or null where this was the last.</param>
internal sealed record EventPage(IReadOnlyList<EventPointer> Events, string? Last);

/// <summary>What became of an event that was to be archived.</summary>
public enum ArchiveResult
{
    /// <summary>It is new.</summary>
    Added,

    /// <summary>It was archived before, byte for byte.</summary>
    AlreadyThere,

    /// <summary>Another payload has the same id.</summary>
    IdReused,
}
