using Azure;
using Azure.Data.Tables;

namespace EventSubscriptions.Storage;

/// <summary>
/// Writes rows of one table, those of a partition together in transactions of up to 100. A transaction starts as soon as the previous one
/// ended, so a single row never waits and many rows share one. Rows replace those with the same key. Rows passed together are in one
/// transaction.
/// </summary>
public sealed class BatchedTableWriter(TableClient table)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, Queue<Pending>> _waiting = new(StringComparer.Ordinal);

    /// <summary>Returns once the row is stored, or throws what its write threw. Cancellation ends the wait, not the write.</summary>
    public Task WriteAsync(TableEntity row, CancellationToken cancellationToken) => WriteAsync([row], obsolete: null, cancellationToken);

    /// <summary>Writes rows that belong together, and deletes a row that they make obsolete.</summary>
    /// <param name="rows">Rows of one partition, fewer than 100.</param>
    /// <param name="obsolete">A row of the same partition to delete if it exists, or null.</param>
    public Task WriteAsync(IReadOnlyList<TableEntity> rows, TableEntity? obsolete, CancellationToken cancellationToken)
    {
        var pending = new Pending(rows, obsolete);
        Queue<Pending>? idle = null;
        lock (_gate)
        {
            if (!_waiting.TryGetValue(pending.Partition, out var queue))
            {
                _waiting.Add(pending.Partition, queue = idle = new Queue<Pending>());
            }

            queue.Enqueue(pending);
        }

        if (idle is not null)
        {
            _ = DrainAsync(pending.Partition, idle);
        }

        return pending.Written.Task.WaitAsync(cancellationToken);
    }

    private async Task DrainAsync(string partition, Queue<Pending> queue)
    {
        var keys = new HashSet<string>(StringComparer.Ordinal);
        while (true)
        {
            keys.Clear();
            List<Pending> batch = [];
            lock (_gate)
            {
                // A transaction can contain each key once; a second version of a row goes into the next.
                while (queue.TryPeek(out var next) && keys.Count + next.Count <= TableRow.MaxTransaction && next.TryAddKeys(keys))
                {
                    batch.Add(queue.Dequeue());
                }

                if (batch.Count == 0)
                {
                    _waiting.Remove(partition);
                    return;
                }
            }

            await WriteBatchAsync(batch);
        }
    }

    private async Task WriteBatchAsync(List<Pending> batch)
    {
        // Exceptions belong to those who wait for the rows.
        try
        {
            await SubmitAsync(batch);
            batch.ForEach(pending => pending.Written.SetResult());
        }
        catch (RequestFailedException refused) when (batch.Count > 1 && refused.Status is 400 or 413)
        {
            // One row can't be stored, or the transaction is too large: no other row may fail because of it.
            foreach (var pending in batch)
            {
                await WriteBatchAsync([pending]);
            }
        }
        catch (Exception exception)
        {
            batch.ForEach(pending => pending.Written.SetException(exception));
        }
    }

    private async Task SubmitAsync(List<Pending> batch)
    {
        var rows = batch
            .SelectMany(pending => pending.Rows)
            .Select(row => new TableTransactionAction(TableTransactionActionType.UpsertReplace, row))
            .ToList();
        var obsolete = batch
            .Where(pending => pending.Obsolete is not null)
            .Select(pending => new TableTransactionAction(TableTransactionActionType.Delete, pending.Obsolete, ETag.All))
            .ToList();
        try
        {
            await SubmitAsync(obsolete.Count == 0 ? rows : [.. rows, .. obsolete]);
        }
        catch (RequestFailedException missing) when (missing.Status == 404 && obsolete.Count > 0 && rows.Count > 0)
        {
            // The obsolete row doesn't exist, which fails a transaction.
            await SubmitAsync(rows);
            await Task.WhenAll(obsolete.Select(action => SubmitAsync([action])));
        }
    }

    private Task SubmitAsync(List<TableTransactionAction> actions) =>
        actions switch
        {
            [{ ActionType: TableTransactionActionType.Delete, Entity: var row }] => table.DeleteEntityAsync(
                row.PartitionKey,
                row.RowKey,
                ETag.All
            ),
            [{ Entity: var row }] => table.UpsertEntityAsync((TableEntity)row, TableUpdateMode.Replace),
            _ => table.SubmitTransactionAsync(actions),
        };

    private sealed record Pending(IReadOnlyList<TableEntity> Rows, TableEntity? Obsolete)
    {
        public TaskCompletionSource Written { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public string Partition => (Obsolete ?? Rows[0]).PartitionKey;

        public int Count => Rows.Count + (Obsolete is null ? 0 : 1);

        /// <summary>Adds the keys of all rows, or none if one of them is present.</summary>
        public bool TryAddKeys(HashSet<string> keys)
        {
            if ((Obsolete is not null && keys.Contains(Obsolete.RowKey)) || Rows.Any(row => keys.Contains(row.RowKey)))
            {
                return false;
            }

            foreach (var row in Rows)
            {
                keys.Add(row.RowKey);
            }

            if (Obsolete is not null)
            {
                keys.Add(Obsolete.RowKey);
            }

            return true;
        }
    }
}
