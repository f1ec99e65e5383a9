using LocalHost.Storage;

namespace LocalHost.Messaging;

/// <summary>Moves a message to the dead-letter queue, with changed properties.</summary>
internal sealed class DeadLetterOperation(BrokerQueue queue, QueuedMessage message, IEnumerable<KeyValuePair<string, object>> changes)
    : QueueOperation(queue.Entity)
{
    private byte[] _deadLetter = [];
    private long _position;

    protected override void WriteRows(QueueWriter writer)
    {
        _deadLetter = StoredMessage.Rewrite(writer.GetMessage(queue.Kind, message.Position), changes, message.DeliveryCount);
        writer.DeleteMessage(queue.Kind, message);
        _position = ++writer.State.LastDeadLetter;
        writer.PutMessage(KeySpace.DeadLetters, _position, _deadLetter);
        writer.State.Active--;
        writer.State.DeadLetters++;
    }

    protected override void UpdateMemory()
    {
        queue.Remove(message);
        Entity.DeadLetters.Enqueue(_position, _deadLetter, message.DeliveryCount);
    }

    protected override void RevertMemory() => queue.RevertSettlement(message);
}
