using System.Buffers.Binary;
using LocalHost.Storage.Native;

namespace LocalHost.Storage;

/// <content>The writer thread.</content>
internal sealed partial class Database
{
    private readonly Thread _writer;
    private readonly WriteBatch _batch = new();

    // Those of the current batch, with the exception that refused them.
    private List<(WriteOperation Operation, Exception? Refusal)> _applied = [];
    private long _commitNumber;

    // Guards what follows.
    private readonly object _gate = new();
    private List<WriteOperation> _pending = [];
    private List<WriteOperation> _spare = [];
    private bool _isUrgent;
    private bool _closing;

    /// <summary>Completes when the operation is safely on disk.</summary>
    /// <exception cref="StorageUnavailableException">The disk is full or fails: the operation may be stored or not.</exception>
    public ValueTask WriteAsync(WriteOperation operation)
    {
        var completion = operation.Completion;
        Enqueue(operation, isUrgent: true);
        return completion;
    }

    /// <summary>Submits an operation that nobody waits for.</summary>
    /// <param name="isUrgent">If false, it is written with the next batch of others, or a few milliseconds later.</param>
    public void Submit(WriteOperation operation, bool isUrgent = false) => Enqueue(operation, isUrgent);

    /// <summary>Completes when everything that was submitted before is safely on disk, or has failed.</summary>
    public ValueTask FlushAsync() => WriteAsync(new Nothing());

    private void Enqueue(WriteOperation operation, bool isUrgent)
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_closing, this);
            var wakes = _pending.Count == 0 || (isUrgent && !_isUrgent);
            _pending.Add(operation);
            _isUrgent |= isUrgent;
            if (wakes)
            {
                Monitor.Pulse(_gate);
            }
        }
    }

    private void WriteBatches()
    {
        while (TakePending() is { } operations)
        {
            if (_failure is not null)
            {
                TryRecover();
            }

            for (var next = 0; next < operations.Count; )
            {
                next = WriteBatch(operations, next);
            }

            operations.Clear();
            _spare = operations;
        }
    }

    /// <summary>What waits to be written; nothing after a while if the database must recover; null when it is time to stop.</summary>
    private List<WriteOperation>? TakePending()
    {
        lock (_gate)
        {
            while (_pending.Count == 0)
            {
                if (_closing)
                {
                    return null;
                }

                if (!Monitor.Wait(_gate, _failure is null ? Timeout.InfiniteTimeSpan : _options.RetryInterval))
                {
                    break;
                }
            }

            if (!_isUrgent && !_closing && _pending.Count > 0)
            {
                Monitor.Wait(_gate, _options.RideAlongDelay);
            }

            var taken = _pending;
            _pending = _spare;
            _isUrgent = false;
            return taken;
        }
    }

    /// <returns>The index of the first operation that has not been dealt with.</returns>
    private int WriteBatch(List<WriteOperation> operations, int next)
    {
        if (_failure is not null)
        {
            for (; next < operations.Count; next++)
            {
                Finish(operations[next], _failure);
            }

            return next;
        }

        _applied.Clear();
        _batch.Clear();
        _batch.Database = _database;
        while (next < operations.Count && _applied.Count < _options.OperationsInBatch && _batch.Length < _options.BytesInBatch)
        {
            var operation = operations[next++];
            _applied.Add((operation, Apply(operation)));
        }

        try
        {
            Commit();
        }
        catch (RocksDbException exception)
        {
            Suspend(exception);
            return next;
        }

        FinishApplied();
        return next;
    }

    private Exception? Apply(WriteOperation operation)
    {
        _batch.BeginOperation();
        try
        {
            operation.Apply(_batch);
            return null;
        }
        catch (Exception refusal)
        {
            _batch.UndoOperation();
            return refusal;
        }
    }

    private void Commit()
    {
        _batch.Complete();
        if (_batch.Count == 0)
        {
            return;
        }

        BinaryPrimitives.WriteInt64BigEndian(_batch.Put(KeySpace.CommitNumber, sizeof(long)), _commitNumber + 1);
        _options.Write(_database!.Write, _batch.Bytes);
        _commitNumber++;
    }

    // Those that were refused have waited too: what they were refused for might have been lost with the batch.
    private void FinishApplied()
    {
        foreach (var (operation, refusal) in _applied)
        {
            Finish(operation, refusal);
        }
    }

    private void Finish(WriteOperation operation, Exception? failure)
    {
        Settle(operation, failure);
        if (failure is null)
        {
            operation.Succeed();
        }
        else
        {
            operation.Fail(failure);
        }
    }

    private void Settle(WriteOperation operation, Exception? failure)
    {
        try
        {
            if (failure is null)
            {
                operation.Committed();
            }
            else
            {
                operation.Failed(failure);
            }
        }
        catch (Exception exception)
        {
            // A fault of ours in one operation must not stop all others.
            Log.OperationFaulted(_logger, exception, operation.GetType().Name);
        }
    }

    private sealed class Nothing : WriteOperation
    {
        public override void Apply(WriteBatch batch) { }
    }
}
