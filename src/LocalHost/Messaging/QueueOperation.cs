using LocalHost.Storage;

namespace LocalHost.Messaging;

/// <summary>A change of a queue: first of its rows, then, when those are on disk, of what memory knows.</summary>
internal abstract class QueueOperation(BrokerEntity entity) : WriteOperation
{
    private QueueState _after;

    protected BrokerEntity Entity { get; } = entity;

    public sealed override void Apply(WriteBatch batch)
    {
        var writer = Entity.Writer;
        writer.Join(batch);
        var before = writer.Planned;
        try
        {
            Change(writer);
        }
        catch
        {
            writer.Planned = before;
            throw;
        }

        _after = writer.Planned;
    }

    public sealed override void OnCommitted()
    {
        lock (Entity.Gate)
        {
            Entity.State = _after;
            TakeEffect();
        }
    }

    public sealed override void OnRolledBack(Exception exception)
    {
        lock (Entity.Gate)
        {
            Undo();
        }
    }

    protected abstract void Change(QueueWriter writer);

    /// <summary>With the gate held: what was changed is on disk.</summary>
    protected virtual void TakeEffect() { }

    /// <summary>With the gate held: nothing was changed.</summary>
    protected virtual void Undo() { }
}
