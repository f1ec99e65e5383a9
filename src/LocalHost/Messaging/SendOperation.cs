using System.Buffers;
using System.Runtime.InteropServices;
using LocalHost.Storage;

namespace LocalHost.Messaging;

/// <summary>Stores messages, except duplicates.</summary>
internal sealed class SendOperation : QueueOperation
{
    private readonly byte[] _bytes;
    private readonly List<Item> _items;
    private readonly List<Item> _accepted = [];

    public SendOperation(BrokerEntity entity, OutgoingBatch batch)
        : base(entity)
    {
        // Encrypt and copy here, because all queues share the writer thread.
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

    /// <summary>The sequence number of the last message.</summary>
    public long LastSequenceNumber { get; private set; }

    protected override void WriteRows(QueueWriter writer)
    {
        ref var state = ref writer.State;
        var now = writer.Now.UtcTicks;
        foreach (var item in _items)
        {
            if (item.Id is { } id && !writer.TryAccept(id))
            {
                continue;
            }

            var accepted = item with { SequenceNumber = ++state.LastSequenceNumber, Due = item.Due > now ? item.Due : 0 };
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
                state.Scheduled++;
                writer.PutScheduled(new(accepted.Due, accepted.SequenceNumber), message);
            }
            else
            {
                state.Active++;
                writer.PutMessage(KeySpace.Messages, accepted.SequenceNumber, message);
            }
        }

        LastSequenceNumber = state.LastSequenceNumber;
    }

    protected override void UpdateMemory()
    {
        foreach (var item in _accepted)
        {
            if (item.Due > 0)
            {
                Entity.Schedule(item.Due);
            }
            else
            {
                Entity.Main.Enqueue(
                    item.SequenceNumber,
                    BytesOf(item)[..item.BodyStart],
                    _bytes.AsSpan(item.Start + item.Length, item.BodyLength)
                );
            }
        }

        ArrayPool<byte>.Shared.Return(_bytes);
    }

    protected override void RevertMemory()
    {
        foreach (var item in _accepted)
        {
            if (item.Id is { } id)
            {
                Entity.Writer.RemoveId(id);
            }
        }

        ArrayPool<byte>.Shared.Return(_bytes);
    }

    private Span<byte> BytesOf(Item item) => _bytes.AsSpan(item.Start, item.Length);

    /// <param name="Start">The position in the bytes of the stored message, which the plaintext of its body follows.</param>
    /// <param name="BodyStart">The position of the encrypted body in the stored message.</param>
    /// <param name="Length">The length of the stored message.</param>
    /// <param name="BodyLength">The length of the plaintext.</param>
    /// <param name="Id">The hash of the message id, if any.</param>
    /// <param name="Due">UTC ticks; 0 if the message can be received at once.</param>
    /// <param name="SequenceNumber">The sequence number, once assigned.</param>
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
