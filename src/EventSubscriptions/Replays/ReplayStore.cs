using Azure;
using Azure.Data.Tables;
using EventSubscriptions.Events.Archive;
using EventSubscriptions.Organizations;
using EventSubscriptions.Storage;

namespace EventSubscriptions.Replays;

/// <summary>The table <c>replays</c>.</summary>
public sealed class ReplayStore(TableServiceClient tables)
{
    private const int ParallelTransactions = 8;

    /// <summary>The time within which a marked replay is stored.</summary>
    private static readonly TimeSpan s_start = TimeSpan.FromMinutes(1);

    private readonly TableClient _table = tables.GetTableClient(TableNames.Replays);

    /// <summary>Reads a replay, or null if it doesn't exist.</summary>
    public async Task<Replay?> GetAsync(SubscriptionId subscription, ReplayId id, CancellationToken cancellationToken)
    {
        var row = await _table.GetEntityIfExistsAsync<TableEntity>(
            subscription.ToString(),
            id.ToString(),
            cancellationToken: cancellationToken
        );
        return row.HasValue ? ReplayRow.Read(row.Value!) : null;
    }

    /// <summary>Lists a subscription's replays, oldest first.</summary>
    public Task<ListPage<Replay>> ListAsync(SubscriptionId subscription, PageRequest page, CancellationToken cancellationToken) =>
        _table.ReadPageAsync(new RowRange(subscription.ToString()), page, ReplayRow.Read, cancellationToken);

    /// <summary>Stores a replay, new or changed.</summary>
    public async Task<Replay> PutAsync(Replay replay, CancellationToken cancellationToken)
    {
        var response = await _table.UpsertEntityAsync(ReplayRow.Make(replay), TableUpdateMode.Replace, cancellationToken);
        return replay with { ETag = response.Headers.ETag ?? default };
    }

    /// <summary>
    /// Changes a replay that has not ended, on top of concurrent changes, and returns it as stored; one that has ended is returned
    /// unchanged. A change that returns null does nothing. Null if the replay doesn't exist.
    /// </summary>
    public async Task<Replay?> ChangeAsync(
        SubscriptionId subscription,
        ReplayId id,
        Func<Replay, Replay?> change,
        CancellationToken cancellationToken
    )
    {
        while (true)
        {
            if (await GetAsync(subscription, id, cancellationToken) is not { } current)
            {
                return null;
            }

            if (current.HasEnded || change(current) is not { } changed)
            {
                return current;
            }

            try
            {
                var response = await _table.UpdateEntityAsync(
                    ReplayRow.Make(changed),
                    current.ETag,
                    TableUpdateMode.Replace,
                    cancellationToken
                );
                return changed with { ETag = response.Headers.ETag ?? default };
            }
            catch (RequestFailedException conflict) when (conflict.Status is 404 or 412)
            {
                // Read it again.
            }
        }
    }

    /// <summary>
    /// Marks a replay as running, unless the organization has the most running replays already. Markers are rows in the organization's
    /// partition; one that a process left behind is removed when the next replay starts.
    /// </summary>
    internal async Task<bool> TryEnterAsync(Replay replay, int most, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var note = ReplayRow.MakeNote(replay);
        await _table.UpsertEntityAsync(note, TableUpdateMode.Replace, cancellationToken);
        var others = 0;
        await foreach (
            var row in _table.QueryAsync<TableEntity>(new RowRange(note.PartitionKey).ToFilter(), cancellationToken: cancellationToken)
        )
        {
            if (row.RowKey != note.RowKey && await IsRunningAsync(row, replay.OrganizationId, now, cancellationToken) && ++others == most)
            {
                await LeaveAsync(replay.OrganizationId, replay.Id, cancellationToken);
                return false;
            }
        }

        return true;
    }

    /// <summary>Removes the marker of a replay.</summary>
    internal Task LeaveAsync(OrganizationId organization, ReplayId id, CancellationToken cancellationToken) =>
        _table.DeleteEntityAsync(organization.ToString(), id.ToString(), ETag.All, cancellationToken);

    private async Task<bool> IsRunningAsync(
        TableEntity note,
        OrganizationId organization,
        DateTimeOffset now,
        CancellationToken cancellationToken
    )
    {
        var (subscription, id) = ReplayRow.ReadNote(note);
        var isRunning = await GetAsync(subscription, id, cancellationToken) is { } replay
            ? !replay.HasEnded
            : now - note.Timestamp < s_start;
        if (!isRunning)
        {
            await LeaveAsync(organization, id, cancellationToken);
        }

        return isRunning;
    }

    /// <summary>The replays that have not ended and were last written before a time. Scans all replays.</summary>
    internal async Task<IReadOnlyList<Replay>> ListStalledAsync(DateTimeOffset before, CancellationToken cancellationToken)
    {
        List<Replay> stalled = [];
        // Skips the events that replays have found, which are in other partitions.
        var filter = TableClient.CreateQueryFilter(
            $"PartitionKey ge {"sub_"} and PartitionKey lt {"sub`"} and (state eq {ReplayState.Counting.ToName()} or state eq {ReplayState.Running.ToName()}) and Timestamp lt {before}"
        );
        await foreach (var row in _table.QueryAsync<TableEntity>(filter, cancellationToken: cancellationToken))
        {
            stalled.Add(ReplayRow.Read(row));
        }

        return stalled;
    }

    /// <summary>Stores events that a replay has found. Storing them again changes nothing.</summary>
    internal Task AddEventsAsync(ReplayId replay, IEnumerable<EventPointer> events, CancellationToken cancellationToken) =>
        Parallel.ForEachAsync(
            events.Chunk(TableRow.MaxTransaction),
            new ParallelOptions { MaxDegreeOfParallelism = ParallelTransactions, CancellationToken = cancellationToken },
            async (chunk, cancel) =>
                await _table.SubmitTransactionAsync(
                    chunk.Select(pointer => new TableTransactionAction(
                        TableTransactionActionType.UpsertReplace,
                        ReplayRow.Make(replay, pointer)
                    )),
                    cancel
                )
        );

    /// <summary>The next events that a replay has found, oldest first.</summary>
    /// <param name="after">The key after which they start, or null.</param>
    /// <param name="count">The most events to return.</param>
    internal async Task<IReadOnlyList<TableEntity>> ListEventsAsync(
        ReplayId replay,
        string? after,
        int count,
        CancellationToken cancellationToken
    )
    {
        List<TableEntity> rows = [];
        await foreach (
            var row in _table.QueryAsync<TableEntity>(
                new RowRange(replay.ToString()).ToFilter(after),
                Math.Min(count, 1000),
                cancellationToken: cancellationToken
            )
        )
        {
            rows.Add(row);
            if (rows.Count == count)
            {
                break;
            }
        }

        return rows;
    }

    /// <summary>Deletes the events that a replay has found.</summary>
    internal Task RemoveEventsAsync(ReplayId replay, CancellationToken cancellationToken) =>
        _table.RemoveAsync(new RowRange(replay.ToString()).ToFilter(), _ => { }, cancellationToken);
}
