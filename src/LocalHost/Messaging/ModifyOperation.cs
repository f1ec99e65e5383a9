namespace LocalHost.Messaging;

/// <summary>Rewrites a message that is abandoned with changed properties.</summary>
internal sealed class ModifyOperation(BrokerQueue queue, QueuedMessage message, IEnumerable<KeyValuePair<string, object>> changes)
    : QueueOperation(queue.Entity)
{
    protected override void WriteRows(QueueWriter writer)
    {
        var stored = writer.GetMessage(queue.Kind, message.Position);
        writer.PutMessage(queue.Kind, message.Position, StoredMessage.Rewrite(stored, changes, message.DeliveryCount));
        message.HasCountRow = true;
        writer.PutCount(queue.Kind, message.Position, message.DeliveryCount);
    }

    protected override void UpdateMemory() => queue.Release(message);

    protected override void RevertMemory() => queue.RevertSettlement(message);
}
