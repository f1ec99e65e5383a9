using System.Buffers.Binary;
using LocalHost.Storage.Native;

namespace LocalHost.Storage;

/// <content>The writer thread.</content>
internal sealed partial class Database
{
    private readonly Thread _writer;
    private readonly WriteBatch _batch = new();

    // The operations of the current batch, each with the exception that its Apply threw.
    private List<(WriteOperation Operation, Exception? Error)> _applied = [];
    private long _commitNumber;

    // Guards the fields below.
    private readonly object _gate = new();
    private List<WriteOperation> _pending = [];
    private List<WriteOperation> _spare = [];
    private bool _isUrgent;
    private bool _closing;

    /// <summary>Completes when the operation is on disk.</summary>
    /// <exception cref="StorageUnavailableException">The disk is full or failing; the outcome is unknown.</exception>
    public ValueTask WriteAsync(WriteOperation operation)
    {
        var completion = operation.Completion;
        Submit(operation, isUrgent: true);
        return completion;
    }

    /// <summary>Submits an operation that nobody waits for.</summary>
    /// <param name="operation">The operation.</param>
    /// <param name="isUrgent">If false, it is written with the next urgent one, or a few milliseconds later.</param>
    public void Submit(WriteOperation operation, bool isUrgent = false)
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_closing, this);
            var wake = _pending.Count == 0 || (isUrgent && !_isUrgent);
            _pending.Add(operation);
            _isUrgent |= isUrgent;
            if (wake)
            {
                Monitor.Pulse(_gate);
            }
        }
    }

    private void WriteBatches()
    {
        while (DequeuePending() is { } operations)
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

    /// <summary>The pending operations; none after a while if the database has to recover; null when it is closing.</summary>
    private List<WriteOperation>? DequeuePending()
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
                Monitor.Wait(_gate, _options.LazyWriteDelay);
            }

            var pending = _pending;
            _pending = _spare;
            _isUrgent = false;
            return pending;
        }
    }

    /// <returns>The index of the first operation that is still pending.</returns>
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
        while (next < operations.Count && _applied.Count < _options.MaxBatchOperations && _batch.Length < _options.MaxBatchBytes)
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
        catch (Exception exception)
        {
            _batch.UndoOperation();
            return exception;
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

    // Operations that threw finish here too: the rows that they found might have been lost with the batch.
    private void FinishApplied()
    {
        foreach (var (operation, error) in _applied)
        {
            Finish(operation, error);
        }
    }

    private void Finish(WriteOperation operation, Exception? failure)
    {
        NotifyOutcome(operation, failure);
        if (failure is null)
        {
            operation.Succeed();
        }
        else
        {
            operation.Fail(failure);
        }
    }

    private void NotifyOutcome(WriteOperation operation, Exception? failure)
    {
        try
        {
            if (failure is null)
            {
                operation.OnCommitted();
            }
            else
            {
                operation.OnRolledBack(failure);
            }
        }
        catch (Exception exception)
        {
            // A bug in one operation must not stop the others.
            Log.OperationFaulted(_logger, exception, operation.GetType().Name);
        }
    }
}
