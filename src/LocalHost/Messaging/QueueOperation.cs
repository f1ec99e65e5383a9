using LocalHost.Storage;

namespace LocalHost.Messaging;

/// <summary>A change of a queue: first of its rows and then, once these are on disk, of its state in memory.</summary>
internal abstract class QueueOperation(BrokerEntity entity) : WriteOperation
{
    private QueueState _state;

    protected BrokerEntity Entity { get; } = entity;

    public sealed override void Apply(WriteBatch batch)
    {
        var writer = Entity.Writer;
        writer.Join(batch);
        var before = writer.State;
        try
        {
            WriteRows(writer);
        }
        catch
        {
            writer.State = before;
            throw;
        }

        _state = writer.State;
    }

    public sealed override void OnCommitted()
    {
        lock (Entity.Gate)
        {
            Entity.State = _state;
            UpdateMemory();
        }
    }

    public sealed override void OnRolledBack(Exception exception)
    {
        lock (Entity.Gate)
        {
            RevertMemory();
        }
    }

    protected abstract void WriteRows(QueueWriter writer);

    /// <summary>Called with the gate held, when the rows are on disk.</summary>
    protected virtual void UpdateMemory() { }

    /// <summary>Called with the gate held, if no row was changed.</summary>
    protected virtual void RevertMemory() { }
}
