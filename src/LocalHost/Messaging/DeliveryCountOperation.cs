namespace LocalHost.Messaging;

/// <summary>Stores delivery counts, so that a delivery counts even if it ends in a crash.</summary>
/// <param name="queue">The queue.</param>
/// <param name="counts">The counts of messages that were delivered before. First deliveries are covered by the queue's state, which every
/// operation stores.</param>
internal sealed class DeliveryCountOperation(BrokerQueue queue, IReadOnlyList<(long Position, int Count)> counts)
    : QueueOperation(queue.Entity)
{
    protected override void WriteRows(QueueWriter writer)
    {
        queue.EndCounting();
        foreach (var (position, count) in counts)
        {
            writer.PutCount(queue.Kind, position, count);
        }
    }

    // After a failed write, WriteRows may not have run.
    protected override void RevertMemory() => queue.EndCounting();
}
