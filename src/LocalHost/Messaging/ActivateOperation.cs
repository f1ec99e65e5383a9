using LocalHost.Storage;

namespace LocalHost.Messaging;

/// <summary>Moves due scheduled messages to the end of the queue, with new sequence numbers.</summary>
internal sealed class ActivateOperation(BrokerEntity entity) : QueueOperation(entity)
{
    // The rest follows in another operation, so that other operations don't wait for long.
    private const int MaxMessages = 1000;

    private readonly List<(long SequenceNumber, byte[] Message)> _activated = [];
    private long _nextDue;

    protected override void WriteRows(QueueWriter writer)
    {
        ref var state = ref writer.State;
        _nextDue = writer.FirstScheduled;
        using var scan = writer.ScanScheduled();
        while (scan.MoveNext())
        {
            var position = QueueKeys.ReadScheduled(scan.Key);
            if (position.Due > writer.Now.UtcTicks || _activated.Count == MaxMessages)
            {
                _nextDue = Math.Min(_nextDue, position.Due);
                break;
            }

            var message = scan.Value.ToArray();
            var sequenceNumber = ++state.LastSequenceNumber;
            StoredMessage.WriteHeader(message, StoredMessage.ReadHeader(message) with { SequenceNumber = sequenceNumber });
            writer.PutMessage(KeySpace.Messages, sequenceNumber, message);
            writer.DeleteScheduled(position);
            state.ScheduleHead = position.Next;
            state.Scheduled--;
            state.Active++;
            _activated.Add((sequenceNumber, message));
        }
    }

    protected override void UpdateMemory()
    {
        foreach (var (sequenceNumber, message) in _activated)
        {
            Entity.Main.Enqueue(sequenceNumber, message, deliveryCount: 0);
        }

        Entity.EndActivation(_nextDue);
    }

    protected override void RevertMemory() => Entity.RetryActivation();
}
