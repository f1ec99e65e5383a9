using Azure;
using Azure.Data.Tables;
using EventSubscriptions.Events.Archive;
using EventSubscriptions.Organizations;
using EventSubscriptions.Storage;

namespace EventSubscriptions.Replays;

/// <summary>The table <c>replays</c>.</summary>
public sealed class ReplayStore(TableServiceClient tables)
{
    /// <summary>The most entities that a transaction of Table Storage takes.</summary>
    private const int MaxTransaction = 100;

    private const int ParallelTransactions = 8;

    /// <summary>Within which time a replay is stored that is noted as running.</summary>
    private static readonly TimeSpan s_start = TimeSpan.FromMinutes(1);

    private readonly TableClient _table = tables.GetTableClient(TableNames.Replays);

    /// <summary>Reads one replay, or null where the subscription has none of that id.</summary>
    public async Task<Replay?> GetAsync(SubscriptionId subscription, ReplayId id, CancellationToken cancellationToken)
    {
        var row = await _table.GetEntityIfExistsAsync<TableEntity>(subscription.ToString(), id.ToString(), cancellationToken: cancellationToken);
        return row.HasValue ? ReplayRow.Read(row.Value!) : null;
    }

    /// <summary>Lists a subscription's replays, oldest first.</summary>
    public Task<ListPage<Replay>> ListAsync(SubscriptionId subscription, PageRequest page, CancellationToken cancellationToken) =>
        _table.ReadPageAsync(new RowRange(subscription.ToString()), page, ReplayRow.Read, cancellationToken);

    /// <summary>Stores a replay, a new one or one that is known by its id.</summary>
    public async Task<Replay> PutAsync(Replay replay, CancellationToken cancellationToken)
    {
        var response = await _table.UpsertEntityAsync(ReplayRow.Make(replay), TableUpdateMode.Replace, cancellationToken);
        return replay with { ETag = response.Headers.ETag ?? default };
    }

    /// <summary>
    /// Changes a replay that has not ended, on top of whatever others change, and returns it as it is then; one that has ended as it ended.
    /// A change that returns null is none. Null where there is no such replay.
    /// </summary>
    public async Task<Replay?> ChangeAsync(SubscriptionId subscription, ReplayId id, Func<Replay, Replay?> change, CancellationToken cancellationToken)
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
                var response = await _table.UpdateEntityAsync(ReplayRow.Make(changed), current.ETag, TableUpdateMode.Replace, cancellationToken);
                return changed with { ETag = response.Headers.ETag ?? default };
            }
            catch (RequestFailedException overtaken) when (overtaken.Status is 404 or 412)
            {
                // Read it again.
            }
        }
    }

    /// <summary>
    /// Notes that a replay of an organization runs, unless as many as may are running already. The notes are rows in the organization's partition;
    /// one that a process left behind is removed when the next replay starts.
    /// </summary>
    internal async Task<bool> TryEnterAsync(Replay replay, int most, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var note = ReplayRow.MakeNote(replay);
        await _table.UpsertEntityAsync(note, TableUpdateMode.Replace, cancellationToken);
        var others = 0;
        await foreach (var row in _table.QueryAsync<TableEntity>(new RowRange(note.PartitionKey).ToFilter(), cancellationToken: cancellationToken))
        {
            if (row.RowKey != note.RowKey && await IsRunningAsync(row, replay.OrganizationId, now, cancellationToken) && ++others == most)
            {
                await LeaveAsync(replay.OrganizationId, replay.Id, cancellationToken);
                return false;
            }
        }

        return true;
    }

    /// <summary>Notes that a replay of an organization runs no longer.</summary>
    internal Task LeaveAsync(OrganizationId organization, ReplayId id, CancellationToken cancellationToken) =>
        _table.DeleteEntityAsync(organization.ToString(), id.ToString(), ETag.All, cancellationToken);

    private async Task<bool> IsRunningAsync(TableEntity note, OrganizationId organization, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var (subscription, id) = ReplayRow.ReadNote(note);
        var isRunning = await GetAsync(subscription, id, cancellationToken) is { } replay ? !replay.HasEnded : now - note.Timestamp < s_start;
        if (!isRunning)
        {
            await LeaveAsync(organization, id, cancellationToken);
        }

        return isRunning;
    }

    /// <summary>The replays that have not ended and were last written before a time. It looks through all replays.</summary>
    internal async Task<IReadOnlyList<Replay>> ListStalledAsync(DateTimeOffset before, CancellationToken cancellationToken)
    {
        List<Replay> stalled = [];
        // Not through the events that replays have found, which are in other partitions.
        var filter = TableClient.CreateQueryFilter(
            $"PartitionKey ge {"sub_"} and PartitionKey lt {"sub`"} and (state eq {ReplayState.Counting} or state eq {ReplayState.Running}) and Timestamp lt {before}");
        await foreach (var row in _table.QueryAsync<TableEntity>(filter, cancellationToken: cancellationToken))
        {
            stalled.Add(ReplayRow.Read(row));
        }

        return stalled;
    }

    /// <summary>Keeps events that a replay has found. The same again changes nothing.</summary>
    internal Task AddEventsAsync(ReplayId replay, IEnumerable<EventPointer> events, CancellationToken cancellationToken) =>
        Parallel.ForEachAsync(
            events.Chunk(MaxTransaction),
            new ParallelOptions { MaxDegreeOfParallelism = ParallelTransactions, CancellationToken = cancellationToken },
            async (chunk, cancel) => await _table.SubmitTransactionAsync(
                chunk.Select(pointer => new TableTransactionAction(TableTransactionActionType.UpsertReplace, ReplayRow.Make(replay, pointer))), cancel));

    /// <summary>The next events that a replay has found, oldest first.</summary>
    /// <param name="replay">The replay.</param>
    /// <param name="after">The key behind which they begin, or null.</param>
    /// <param name="count">How many at most.</param>
    /// <param name="cancellationToken">Ends the read.</param>
    internal async Task<IReadOnlyList<TableEntity>> ListEventsAsync(ReplayId replay, string? after, int count, CancellationToken cancellationToken)
    {
        List<TableEntity> rows = [];
        await foreach (var row in _table.QueryAsync<TableEntity>(new RowRange(replay.ToString()).ToFilter(after), Math.Min(count, 1000), cancellationToken: cancellationToken))
        {
            rows.Add(row);
            if (rows.Count == count)
            {
                break;
            }
        }

        return rows;
    }

    /// <summary>Forgets the events that a replay has found.</summary>
    internal Task RemoveEventsAsync(ReplayId replay, CancellationToken cancellationToken) =>
        _table.RemoveAsync(new RowRange(replay.ToString()).ToFilter(), _ => { }, cancellationToken);
}
