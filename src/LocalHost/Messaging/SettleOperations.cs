using LocalHost.Storage;

namespace LocalHost.Messaging;

/// <summary>Deletes a message.</summary>
internal sealed class CompleteOperation(BrokerQueue queue, QueuedMessage message) : QueueOperation(queue.Entity)
{
    protected override void Change(QueueWriter writer)
    {
        writer.DeleteMessage(queue.Kind, message);
        if (queue.Kind == KeySpace.Messages)
        {
            writer.Planned.Active--;
        }
        else
        {
            writer.Planned.DeadLetters--;
        }
    }

    protected override void TakeEffect() => queue.Remove(message);

    protected override void Undo() => queue.Unsettle(message);
}

/// <summary>Writes a message again, with some properties set.</summary>
internal sealed class ModifyOperation(BrokerQueue queue, QueuedMessage message, IEnumerable<KeyValuePair<string, object>> changes)
    : QueueOperation(queue.Entity)
{
    protected override void Change(QueueWriter writer)
    {
        writer.PutMessage(
            queue.Kind,
            message.Place,
            StoredMessage.Rewrite(writer.GetMessage(queue.Kind, message.Place), changes, message.DeliveryCount)
        );
        message.HasCountRow = true;
        writer.PutCount(queue.Kind, message.Place, message.DeliveryCount);
    }

    protected override void TakeEffect() => queue.Return(message);

    protected override void Undo() => queue.Unsettle(message);
}

/// <summary>Moves a message to the dead letters, with some properties set.</summary>
internal sealed class DeadLetterOperation(BrokerQueue queue, QueuedMessage message, IEnumerable<KeyValuePair<string, object>> changes)
    : QueueOperation(queue.Entity)
{
    private byte[] _deadLetter = [];
    private long _place;

    protected override void Change(QueueWriter writer)
    {
        _deadLetter = StoredMessage.Rewrite(writer.GetMessage(queue.Kind, message.Place), changes, message.DeliveryCount);
        writer.DeleteMessage(queue.Kind, message);
        _place = ++writer.Planned.LastDeadLetter;
        writer.PutMessage(KeySpace.DeadLetters, _place, _deadLetter);
        writer.Planned.Active--;
        writer.Planned.DeadLetters++;
    }

    protected override void TakeEffect()
    {
        queue.Remove(message);
        Entity.DeadLetters.Arrive(_place, _deadLetter, message.DeliveryCount);
    }

    protected override void Undo() => queue.Unsettle(message);
}

/// <summary>Stores how often messages were delivered, so that a delivery counts also if it ends in a crash.</summary>
/// <param name="counts">Of those that were delivered before. That the others were delivered once is known from the queue's state, which is
/// written too.</param>
internal sealed class CountOperation(BrokerQueue queue, IReadOnlyList<(long Place, int Count)> counts) : QueueOperation(queue.Entity)
{
    protected override void Change(QueueWriter writer)
    {
        queue.EndCounting();
        foreach (var (place, count) in counts)
        {
            writer.PutCount(queue.Kind, place, count);
        }
    }

    // Never applied, perhaps.
    protected override void Undo() => queue.EndCounting();
}
