using Azure;
using Azure.Data.Tables;

namespace EventSubscriptions.Storage;

/// <summary>
/// Writes rows of one table, those of a partition together in transactions of up to 100. A transaction starts as soon as the one before
/// it ended, so a lone row waits for nothing and a crowd shares. Rows replace those with the same key.
/// </summary>
public sealed class BatchedTableWriter(TableClient table)
{
    /// <summary>The most entities that a transaction of Table Storage takes.</summary>
    private const int MaxBatch = 100;

    private readonly Lock _gate = new();
    private readonly Dictionary<string, Queue<Pending>> _waiting = new(StringComparer.Ordinal);

    /// <summary>Returns once the row is stored, or throws what its write threw. Cancelling ends the wait and not the write.</summary>
    public Task WriteAsync(TableEntity row, CancellationToken cancellationToken)
    {
        var pending = new Pending(row);
        Queue<Pending>? idle = null;
        lock (_gate)
        {
            if (!_waiting.TryGetValue(row.PartitionKey, out var queue))
            {
                _waiting.Add(row.PartitionKey, queue = idle = new Queue<Pending>());
            }

            queue.Enqueue(pending);
        }

        if (idle is not null)
        {
            _ = DrainAsync(row.PartitionKey, idle);
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
                // A transaction takes each key once; a second version of a row goes with the next.
                while (batch.Count < MaxBatch && queue.TryPeek(out var next) && keys.Add(next.Row.RowKey))
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
        if (batch.Count == 1)
        {
            await WriteOneAsync(batch[0]);
            return;
        }

        // Whatever is thrown belongs to those who wait for the rows.
        try
        {
            await table.SubmitTransactionAsync(batch.Select(pending => new TableTransactionAction(TableTransactionActionType.UpsertReplace, pending.Row)));
            batch.ForEach(pending => pending.Written.SetResult());
        }
        catch (RequestFailedException refused) when (refused.Status is 400 or 413)
        {
            // One row that can't be stored, or too much in all: nobody else's row fails for it.
            foreach (var pending in batch)
            {
                await WriteOneAsync(pending);
            }
        }
        catch (Exception exception)
        {
            batch.ForEach(pending => pending.Written.SetException(exception));
        }
    }

    private async Task WriteOneAsync(Pending pending)
    {
        try
        {
            await table.UpsertEntityAsync(pending.Row, TableUpdateMode.Replace);
            pending.Written.SetResult();
        }
        catch (Exception exception)
        {
            pending.Written.SetException(exception);
        }
    }

    private sealed record Pending(TableEntity Row)
    {
        public TaskCompletionSource Written { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
