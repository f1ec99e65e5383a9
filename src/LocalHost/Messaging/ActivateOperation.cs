using LocalHost.Storage;

namespace LocalHost.Messaging;

/// <summary>Moves scheduled messages that are due to the queue's end, with new sequence numbers.</summary>
internal sealed class ActivateOperation(BrokerEntity entity) : QueueOperation(entity)
{
    // How many are moved before others get their turn.
    private const int Most = 1000;

    private readonly List<(long SequenceNumber, byte[] Message)> _activated = [];
    private long _nextDue;

    protected override void Change(QueueWriter writer)
    {
        ref var planned = ref writer.Planned;
        _nextDue = writer.FirstScheduled;
        using var scan = writer.ScanScheduled();
        while (scan.MoveNext())
        {
            var position = QueueKeys.ReadScheduled(scan.Key);
            if (position.Due > writer.Now.UtcTicks || _activated.Count == Most)
            {
                _nextDue = Math.Min(_nextDue, position.Due);
                break;
            }

            var message = scan.Value.ToArray();
            var sequenceNumber = ++planned.LastSequenceNumber;
            StoredMessage.WriteHeader(message, StoredMessage.ReadHeader(message) with { SequenceNumber = sequenceNumber });
            writer.PutMessage(KeySpace.Messages, sequenceNumber, message);
            writer.DeleteScheduled(position);
            planned.ScheduleHead = position.Next;
            planned.Scheduled--;
            planned.Active++;
            _activated.Add((sequenceNumber, message));
        }
    }

    protected override void TakeEffect()
    {
        foreach (var (sequenceNumber, message) in _activated)
        {
            Entity.Main.Arrive(sequenceNumber, message, deliveryCount: 0);
        }

        Entity.EndActivation(_nextDue);
    }

    protected override void Undo() => Entity.FailActivation();
}
