using System.Buffers;
using System.Runtime.InteropServices;
using LocalHost.Storage;

namespace LocalHost.Messaging;

/// <summary>Stores messages, but for duplicates.</summary>
internal sealed class SendOperation : QueueOperation
{
    private readonly byte[] _bytes;
    private readonly List<Item> _items;
    private readonly List<Item> _accepted = [];

    public SendOperation(BrokerEntity entity, OutgoingBatch batch)
        : base(entity)
    {
        // The writer thread is one for all queues, so what can be done before is done here.
        var overhead = StoredMessage.HeaderLength + entity.Cipher.Overhead;
        _bytes = ArrayPool<byte>.Shared.Rent((2 * batch.Bytes.Length) + (batch.Messages.Count * overhead));
        _items = new(batch.Messages.Count);
        var start = 0;
        foreach (var message in batch.Messages)
        {
            var stored = _bytes.AsSpan(start, message.End - message.Start + overhead);
            var bodyStart = StoredMessage.HeaderLength + message.BodyStart - message.Start;
            StoredMessage.WriteHeader(stored, new(0, 0, 0, bodyStart));
            batch.Bytes[message.Start..message.BodyStart].CopyTo(stored[StoredMessage.HeaderLength..]);
            var body = batch.Bytes[message.BodyStart..message.End];
            entity.Cipher.Encrypt(body, message.MessageId, stored[bodyStart..]);
            body.CopyTo(_bytes.AsSpan(start + stored.Length));
            _items.Add(new(start, bodyStart, stored.Length, body.Length, message.Key, message.Scheduled, 0));
            start += stored.Length + body.Length;
        }
    }

    /// <summary>The sequence number of the last of the messages.</summary>
    public long LastSequenceNumber { get; private set; }

    protected override void Change(QueueWriter writer)
    {
        ref var planned = ref writer.Planned;
        var now = writer.Now.UtcTicks;
        foreach (var item in _items)
        {
            if (item.Id is { } id && !writer.TryAccept(id))
            {
                continue;
            }

            var accepted = item with { SequenceNumber = ++planned.LastSequenceNumber, Due = item.Due > now ? item.Due : 0 };
            _accepted.Add(accepted);
            var message = BytesOf(accepted);
            StoredMessage.WriteHeader(
                message,
                StoredMessage.ReadHeader(message) with
                {
                    SequenceNumber = accepted.SequenceNumber,
                    Enqueued = accepted.Due > 0 ? accepted.Due : now,
                }
            );
            if (accepted.Due > 0)
            {
                planned.Scheduled++;
                writer.PutScheduled(new(accepted.Due, accepted.SequenceNumber), message);
            }
            else
            {
                planned.Active++;
                writer.PutMessage(KeySpace.Messages, accepted.SequenceNumber, message);
            }
        }

        LastSequenceNumber = planned.LastSequenceNumber;
    }

    protected override void TakeEffect()
    {
        foreach (var item in _accepted)
        {
            if (item.Due > 0)
            {
                Entity.Schedule(item.Due);
            }
            else
            {
                Entity.Main.Arrive(
                    item.SequenceNumber,
                    BytesOf(item)[..item.BodyStart],
                    _bytes.AsSpan(item.Start + item.Length, item.BodyLength)
                );
            }
        }

        ArrayPool<byte>.Shared.Return(_bytes);
    }

    protected override void Undo()
    {
        foreach (var item in _accepted)
        {
            if (item.Id is { } id)
            {
                Entity.Writer.Forget(id);
            }
        }

        ArrayPool<byte>.Shared.Return(_bytes);
    }

    private Span<byte> BytesOf(Item item) => _bytes.AsSpan(item.Start, item.Length);

    /// <param name="Start">Where it starts in the bytes: the message as it is stored, then its body in clear.</param>
    /// <param name="Due">UTC ticks; 0 if it can be received at once.</param>
    [StructLayout(LayoutKind.Auto)]
    private readonly record struct Item(
        int Start,
        int BodyStart,
        int Length,
        int BodyLength,
        DuplicateKey? Id,
        long Due,
        long SequenceNumber
    );
}
