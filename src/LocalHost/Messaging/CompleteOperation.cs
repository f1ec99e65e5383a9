using LocalHost.Storage;

namespace LocalHost.Messaging;

/// <summary>Deletes a message.</summary>
internal sealed class CompleteOperation(BrokerQueue queue, QueuedMessage message) : QueueOperation(queue.Entity)
{
    protected override void WriteRows(QueueWriter writer)
    {
        writer.DeleteMessage(queue.Kind, message);
        if (queue.Kind == KeySpace.Messages)
        {
            writer.State.Active--;
        }
        else
        {
            writer.State.DeadLetters--;
        }
    }

    protected override void UpdateMemory() => queue.Remove(message);

    protected override void RevertMemory() => queue.RevertSettlement(message);
}
