using System.Text.Json;
using Azure;
using Azure.Data.Tables;
using EventSubscriptions.Organizations;
using EventSubscriptions.Secrets;
using EventSubscriptions.Storage;

namespace EventSubscriptions.Events.Archive;

/// <summary>The table <c>eventarchive</c>: each payload by event id, encrypted, and a pointer to it by the time of the event.</summary>
public sealed class EventArchive(TableServiceClient tables, SecretProtector protector)
{
    private const string PayloadColumn = "payload";
    private const string EventNameColumn = "eventName";
    private const string SourceColumn = "source";

    /// <summary>In UTC ticks: Table Storage has no times before 1601, and a message may have any.</summary>
    private const string PublishedAtColumn = "publishedAt";

    private const string PayloadRemovedAtColumn = "payloadRemovedAt";
    private const string FingerprintColumn = "fingerprint";
    private const string PointerPrefix = "t:";
    private const string PointersEnd = "t;";

    /// <summary>The largest piece of a payload in one property of at most 64 KiB.</summary>
    private const int ChunkBytes = 60 * 1024;

    private const int ParallelReads = 32;

    private static readonly string[] s_fingerprintColumns = [FingerprintColumn];
    private static readonly string[] s_pointerColumns = [nameof(TableEntity.RowKey), EventNameColumn];

    private readonly TableClient _table = tables.GetTableClient(TableNames.EventArchive);

    /// <summary>Held by each removal of a payload, so that an instance audits only removals that it makes.</summary>
    internal SemaphoreSlim Removing { get; } = new(1);

    /// <summary>Archives an event. The same event again changes nothing; a different event with the same id is rejected.</summary>
    /// <param name="organization">The organization of the event.</param>
    /// <param name="id">The id of the event.</param>
    /// <param name="eventName">The name of the event.</param>
    /// <param name="source">How the event was published.</param>
    /// <param name="payload">The bytes that are sent, at most <see cref="EventPayload.MaxBytes"/>.</param>
    /// <param name="at">When the event reached its queue.</param>
    /// <param name="cancellationToken">The token to cancel the operation.</param>
    public async Task<ArchiveResult> AddAsync(
        OrganizationId organization,
        EventId id,
        EventName eventName,
        EventSource source,
        ReadOnlyMemory<byte> payload,
        DateTimeOffset at,
        CancellationToken cancellationToken
    )
    {
        var row = new TableEntity(organization.ToString(), RowKey(id))
        {
            [EventNameColumn] = eventName.ToString(),
            [SourceColumn] = source.ToName(),
            [PublishedAtColumn] = at.UtcTicks,
            [FingerprintColumn] = protector.Fingerprint(payload.Span),
        };
        var ciphertext = protector.Protect(payload.Span, Place(organization, id));
        for (int index = 0, offset = 0; offset < ciphertext.Length; index++, offset += ChunkBytes)
        {
            row[ChunkColumn(index)] = ciphertext[offset..Math.Min(offset + ChunkBytes, ciphertext.Length)];
        }

        var pointer = new TableEntity(organization.ToString(), $"{PointerPrefix}{InvertedTicks.Format(at)}:{id}")
        {
            [EventNameColumn] = eventName.ToString(),
            [SourceColumn] = source.ToName(),
        };
        while (true)
        {
            try
            {
                // The pointer may exist without its payload after an interrupted purge.
                await _table.SubmitTransactionAsync(
                    [new(TableTransactionActionType.Add, row), new(TableTransactionActionType.UpsertReplace, pointer)],
                    cancellationToken
                );
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

    /// <summary>Whether the archived event with an id is this one; null if there is none.</summary>
    public async Task<bool?> IsArchivedAsync(
        OrganizationId organization,
        EventId id,
        ReadOnlyMemory<byte> payload,
        CancellationToken cancellationToken
    )
    {
        var response = await _table.GetEntityIfExistsAsync<TableEntity>(
            organization.ToString(),
            RowKey(id),
            s_fingerprintColumns,
            cancellationToken
        );
        if (!response.HasValue)
        {
            return null;
        }

        // Version 0.1 archived without fingerprints.
        return response.Value!.GetString(FingerprintColumn) is { } fingerprint
            ? protector.HasFingerprint(payload.Span, fingerprint)
            : (await GetAsync(organization, id, cancellationToken))?.Payload?.Span.SequenceEqual(payload.Span);
    }

    /// <summary>
    /// The event, or null if it is no longer archived. Throws <see cref="System.Security.Cryptography.CryptographicException"/> if its key
    /// is missing from <c>Secrets__Keys</c>.
    /// </summary>
    public async Task<ArchivedEvent?> GetAsync(OrganizationId organization, EventId id, CancellationToken cancellationToken)
    {
        var response = await _table.GetEntityIfExistsAsync<TableEntity>(
            organization.ToString(),
            RowKey(id),
            cancellationToken: cancellationToken
        );
        return response.HasValue ? Read(response.Value!, organization, id) : null;
    }

    /// <summary>
    /// Removes the payload of an event for good; what identifies the event stays. Returns when that was done first, or null if the event is
    /// not archived.
    /// </summary>
    public async Task<DateTimeOffset?> RemovePayloadAsync(
        OrganizationId organization,
        EventId id,
        DateTimeOffset now,
        CancellationToken cancellationToken
    )
    {
        while (true)
        {
            var response = await _table.GetEntityIfExistsAsync<TableEntity>(
                organization.ToString(),
                RowKey(id),
                cancellationToken: cancellationToken
            );
            if (!response.HasValue)
            {
                return null;
            }

            var row = response.Value!;
            if (row.GetDateTimeOffset(PayloadRemovedAtColumn) is { } removedAt)
            {
                return removedAt;
            }

            var remaining = new TableEntity(row.PartitionKey, row.RowKey)
            {
                [EventNameColumn] = row[EventNameColumn],
                [PayloadRemovedAtColumn] = now,
                [FingerprintColumn] = row[FingerprintColumn] ?? protector.Fingerprint(Payload(row, organization, id).Span),
            };
            remaining.Set(SourceColumn, row[SourceColumn]);
            remaining.Set(PublishedAtColumn, row[PublishedAtColumn]);
            try
            {
                await _table.UpdateEntityAsync(remaining, row.ETag, TableUpdateMode.Replace, cancellationToken);
                return now;
            }
            catch (RequestFailedException faster) when (faster.Status is 404 or 412)
            {
                // Another request or the purge was faster.
            }
        }
    }

    /// <summary>A page of the events of an organization, newest first, by when they reached their queue.</summary>
    internal Task<ListPage<EventSummary>> ListAsync(
        OrganizationId organization,
        EventFilter filter,
        PageRequest page,
        CancellationToken cancellationToken
    )
    {
        var (atLeast, below) = InvertedTicks.KeyRange(filter.Times.From, filter.Times.To);
        var range = new RowRange(organization.ToString(), PointerPrefix + atLeast, below is null ? PointersEnd : PointerPrefix + below);
        return _table.ReadPageAsync(range, page, row => filter.Accepts(Summary(row)), cancellationToken);
    }

    /// <summary>A page of the events of a time range, newest first, by when they reached their queue.</summary>
    /// <param name="from">The first moment of the range.</param>
    /// <param name="to">The first moment after it.</param>
    /// <param name="after">Where the previous page ended, or null for the first page.</param>
    /// <param name="count">The most events to return.</param>
    internal async Task<EventPage> ListAsync(
        OrganizationId organization,
        DateTimeOffset from,
        DateTimeOffset to,
        string? after,
        int count,
        CancellationToken cancellationToken
    )
    {
        var (atLeast, below) = InvertedTicks.KeyRange(from, to);
        var range = new RowRange(organization.ToString(), PointerPrefix + atLeast, PointerPrefix + below);
        List<EventPointer> events = [];
        await foreach (
            var row in _table.QueryAsync<TableEntity>(range.ToFilter(after), select: s_pointerColumns, cancellationToken: cancellationToken)
        )
        {
            events.Add(Pointer(row));
            if (events.Count == count)
            {
                return new EventPage(events, row.RowKey);
            }
        }

        return new EventPage(events, null);
    }

    /// <summary>Whether each event's payload meets a condition. Events without a payload don't.</summary>
    internal async Task<bool[]> MatchAsync(
        OrganizationId organization,
        IReadOnlyList<EventPointer> events,
        Func<JsonElement, bool> condition,
        CancellationToken cancellationToken
    )
    {
        var matches = new bool[events.Count];
        await Parallel.ForEachAsync(
            Enumerable.Range(0, events.Count),
            new ParallelOptions { MaxDegreeOfParallelism = ParallelReads, CancellationToken = cancellationToken },
            async (index, cancel) =>
            {
                var archived = await GetAsync(organization, events[index].Id, cancel);
                matches[index] = archived?.Payload is { } payload && condition(EventPayload.Parse(payload));
            }
        );
        return matches;
    }

    private ArchivedEvent Read(TableEntity row, OrganizationId organization, EventId id)
    {
        var removedAt = row.GetDateTimeOffset(PayloadRemovedAtColumn);
        return new ArchivedEvent(
            EventName.Parse(row.GetString(EventNameColumn)),
            EnumNames<EventSource>.Find(row.GetString(SourceColumn)),
            row.GetInt64(PublishedAtColumn) is { } ticks ? new DateTimeOffset(ticks, TimeSpan.Zero) : row.Timestamp!.Value,
            removedAt is null ? Payload(row, organization, id) : default(ReadOnlyMemory<byte>?),
            removedAt
        );
    }

    private ReadOnlyMemory<byte> Payload(TableEntity row, OrganizationId organization, EventId id) =>
        protector.Unprotect(Ciphertext(row), Place(organization, id));

    private static EventSummary Summary(TableEntity row)
    {
        var pointer = Pointer(row);
        return new EventSummary(
            pointer.Id.ToString(),
            pointer.EventName.ToString(),
            EnumNames<EventSource>.Find(row.GetString(SourceColumn)),
            pointer.At
        );
    }

    private static EventPointer Pointer(TableEntity row)
    {
        var key = row.RowKey[PointerPrefix.Length..];
        return InvertedTicks.TryParse(key, out var at) && EventId.TryParse(key[(InvertedTicks.Length + 1)..], out var id)
            ? new EventPointer(at, id, EventName.Parse(row.GetString(EventNameColumn)))
            : throw new InvalidDataException($"The row '{row.RowKey}' of the table {TableNames.EventArchive} does not point to an event.");
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

/// <summary>An archived event.</summary>
/// <param name="EventName">Its name.</param>
/// <param name="Source">How it was published; null if version 0.1 archived it.</param>
/// <param name="PublishedAt">When it reached its queue.</param>
/// <param name="Payload">The bytes that are sent; null if they were removed.</param>
/// <param name="PayloadRemovedAt">When the payload was removed, or null.</param>
public sealed record ArchivedEvent(
    EventName EventName,
    EventSource? Source,
    DateTimeOffset PublishedAt,
    ReadOnlyMemory<byte>? Payload,
    DateTimeOffset? PayloadRemovedAt
);

/// <summary>An archived event's id, name and the time when it reached its queue.</summary>
internal sealed record EventPointer(DateTimeOffset At, EventId Id, EventName EventName);

/// <summary>A page of the events of a time range.</summary>
/// <param name="Events">Newest first.</param>
/// <param name="Last">The position of the last event, or null if there are no more.</param>
internal sealed record EventPage(IReadOnlyList<EventPointer> Events, string? Last);

/// <summary>The result of archiving an event.</summary>
public enum ArchiveResult
{
    /// <summary>It is new.</summary>
    Added,

    /// <summary>It was archived before with the same bytes.</summary>
    AlreadyThere,

    /// <summary>A different payload has the same id.</summary>
    IdReused,
}
