using Azure;
using Azure.Data.Tables;
using EventSubscriptions.Storage;

namespace EventSubscriptions.Retention;

/// <summary>
/// Deletes the expired rows of one table in steps, partition by partition. The table <c>retention</c> has the position of the last step: an
/// interrupted run continues there, then processes the partitions before it.
/// </summary>
internal sealed class TablePurge(TableServiceClient tables, string name, DateTimeOffset before, ExpiredRows expired)
{
    private const string PositionPartition = "position";
    private const string PartitionColumn = "partition";
    private const string RowColumn = "row";

    private readonly TableClient _table = tables.GetTableClient(name);
    private readonly TableClient _positions = tables.GetTableClient(TableNames.Retention);
    private Position? _position;
    private string? _start;
    private bool _isSecondRound;

    public string Name => name;

    /// <summary>Older rows are deleted.</summary>
    public DateTimeOffset Before => before;

    /// <summary>How many rows were deleted so far.</summary>
    public long Removed { get; private set; }

    /// <summary>Runs the next step and returns whether it was the last.</summary>
    /// <param name="most">The most expired rows to delete and partitions to read.</param>
    /// <param name="cancellationToken">Stops it between two transactions.</param>
    public async Task<bool> StepAsync(int most, CancellationToken cancellationToken)
    {
        if (_position is null)
        {
            _position = await ReadPositionAsync(cancellationToken);
            _start = _position.Partition;
        }

        for (var (rows, partitions) = (0, 0); rows < most && partitions < most; partitions++)
        {
            var first = "";
            if (_position.IsAtEnd)
            {
                if (await NextPartitionAsync(_position.Partition, cancellationToken) is not { } next)
                {
                    return await EndAsync(cancellationToken);
                }

                _position = new Position(next.PartitionKey, null);
                first = next.RowKey;
            }

            rows += await PurgePartitionAsync(_position.Partition!, first, most - rows, cancellationToken);
        }

        await _positions.UpsertEntityAsync(_position.ToRow(name), TableUpdateMode.Replace, cancellationToken);
        return false;
    }

    /// <summary>Purges the partition of the position from there on, and moves the position.</summary>
    private async Task<int> PurgePartitionAsync(string partition, string first, int most, CancellationToken cancellationToken)
    {
        var transaction = new Transaction(_table, partition);
        var found = 0;
        await foreach (var row in expired.FindAsync(_table, partition, first, _position!.Row, cancellationToken))
        {
            if (transaction.Count + 2 > TableRow.MaxTransaction)
            {
                Removed += await transaction.SubmitAsync(cancellationToken);
            }

            transaction.Add(row);
            if (++found == most)
            {
                Removed += await transaction.SubmitAsync(cancellationToken);
                _position = new Position(partition, row.Key);
                return found;
            }
        }

        Removed += await transaction.SubmitAsync(cancellationToken);
        _position = Position.AtEndOf(partition);
        return found;
    }

    /// <summary>The first row of the next partition, or null at the end of the round.</summary>
    private async Task<TableEntity?> NextPartitionAsync(string? after, CancellationToken cancellationToken)
    {
        var filter = after is null ? null : TableClient.CreateQueryFilter($"PartitionKey gt {after}");
        await foreach (var row in _table.QueryAsync<TableEntity>(filter, maxPerPage: 1, ExpiredRows.KeyColumns, cancellationToken))
        {
            return _isSecondRound && string.CompareOrdinal(row.PartitionKey, _start) > 0 ? null : row;
        }

        return null;
    }

    /// <summary>Ends the run, or its first round if it started in the middle of the table.</summary>
    private async Task<bool> EndAsync(CancellationToken cancellationToken)
    {
        _position = Position.AtEndOf(null);
        await _positions.DeleteEntityAsync(PositionPartition, name, ETag.All, cancellationToken);
        var isEnd = _start is null || _isSecondRound;
        _isSecondRound = true;
        return isEnd;
    }

    private async Task<Position> ReadPositionAsync(CancellationToken cancellationToken)
    {
        var row = await _positions.GetEntityIfExistsAsync<TableEntity>(PositionPartition, name, cancellationToken: cancellationToken);
        return row.HasValue
            ? new Position(row.Value!.GetString(PartitionColumn), row.Value!.GetString(RowColumn))
            {
                IsAtEnd = !row.Value!.ContainsKey(RowColumn),
            }
            : Position.AtEndOf(null);
    }

    /// <summary>How far a table is purged: up to a row of a partition, or to its end.</summary>
    private sealed record Position(string? Partition, string? Row)
    {
        public bool IsAtEnd { get; init; }

        /// <summary>Null before the first partition.</summary>
        public static Position AtEndOf(string? partition) => new(partition, null) { IsAtEnd = true };

        public TableEntity ToRow(string table)
        {
            var row = new TableEntity(PositionPartition, table) { [PartitionColumn] = Partition };
            if (!IsAtEnd)
            {
                row[RowColumn] = Row ?? "";
            }

            return row;
        }
    }

    /// <summary>Rows of one partition that are deleted together.</summary>
    private sealed class Transaction(TableClient table, string partition)
    {
        private readonly List<ExpiredRow> _rows = [];
        private readonly HashSet<string> _keys = new(StringComparer.Ordinal);

        public int Count => _keys.Count;

        public void Add(ExpiredRow row)
        {
            _rows.Add(row);
            _keys.Add(row.Key);
            if (row.Companion is not null)
            {
                _keys.Add(row.Companion);
            }
        }

        /// <summary>Deletes the rows and returns how many there were.</summary>
        public async Task<int> SubmitAsync(CancellationToken cancellationToken)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var count = Count;
            if (count > 0 && !await TryDeleteAsync(_rows, cancellationToken))
            {
                // A row is gone or has changed: delete the others without it.
                foreach (var row in _rows)
                {
                    if (!await TryDeleteAsync([row], cancellationToken))
                    {
                        await TryDeleteAsync([row with { Companion = null }], cancellationToken);
                    }
                }
            }

            _rows.Clear();
            _keys.Clear();
            return count;
        }

        private async Task<bool> TryDeleteAsync(IReadOnlyList<ExpiredRow> rows, CancellationToken cancellationToken)
        {
            var keys = new HashSet<string>(StringComparer.Ordinal);
            List<TableTransactionAction> actions = [];
            foreach (var row in rows)
            {
                Add(row.Key, row.ETag);
                if (row.Companion is not null)
                {
                    Add(row.Companion, ETag.All);
                }
            }

            try
            {
                await table.SubmitTransactionAsync(actions, cancellationToken);
                return true;
            }
            catch (RequestFailedException refused) when (refused.Status is 404 or 412)
            {
                return false;
            }

            void Add(string key, ETag version)
            {
                if (keys.Add(key))
                {
                    actions.Add(new TableTransactionAction(TableTransactionActionType.Delete, new TableEntity(partition, key), version));
                }
            }
        }
    }
}
