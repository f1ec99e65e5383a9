using System.Buffers.Binary;
using LocalHost.Journaling;

namespace LocalHost.Messaging;

/// <summary>
/// What a queue writes to the journal. A record starts with its type (1 byte) and the queue's key (4); what follows is
/// one or more items of that type.
/// </summary>
internal sealed class QueueLog(Journal journal, uint queueKey)
{
    public const byte Kind = 1;
    public const int HeaderLength = 5;

    public static (QueueRecord Type, uint QueueKey) ReadHeader(ReadOnlySpan<byte> record) =>
        ((QueueRecord)record[0], BinaryPrimitives.ReadUInt32LittleEndian(record[1..]));

    /// <summary>Appends whole messages; a message's own address is a slice of the answer, after the header.</summary>
    public JournalAddress AppendMessages(ReadOnlySpan<byte> messages)
    {
        Span<byte> header = stackalloc byte[HeaderLength];
        WriteHeader(header, QueueRecord.Messages);
        return journal.Append(Kind, header, messages);
    }

    /// <summary>Appends a record of numbers.</summary>
    public JournalAddress Append(QueueRecord type, params ReadOnlySpan<long> numbers)
    {
        using var record = new ByteWriter(HeaderLength + (numbers.Length * sizeof(long)));
        WriteHeader(record.Take(HeaderLength), type);
        foreach (var number in numbers)
            BinaryPrimitives.WriteInt64LittleEndian(record.Take(sizeof(long)), number);
        return journal.Append(Kind, record.Written);
    }

    public void AppendHistory(DuplicateKey key, long sent)
    {
        Span<byte> record = stackalloc byte[HeaderLength + DuplicateKey.Length + sizeof(long)];
        WriteHeader(record, QueueRecord.History);
        key.Write(record[HeaderLength..]);
        BinaryPrimitives.WriteInt64LittleEndian(record[(HeaderLength + DuplicateKey.Length)..], sent);
        journal.Append(Kind, record);
    }

    private void WriteHeader(Span<byte> record, QueueRecord type)
    {
        record[0] = (byte)type;
        BinaryPrimitives.WriteUInt32LittleEndian(record[1..], queueKey);
    }
}

internal enum QueueRecord : byte
{
    /// <summary>Messages as they are from now on: new ones, or known ones that have changed.</summary>
    Messages = 1,

    /// <summary>Ids of messages that were received, so that a delivery counts also when it ends in a crash.</summary>
    Received = 2,

    /// <summary>Ids of messages that are gone.</summary>
    Completed = 3,

    /// <summary>Pairs: the id of a scheduled message that is now due, and the sequence number that it has from now on.</summary>
    Activated = 4,

    /// <summary>A message id's hash and when it was sent, of a message that is gone.</summary>
    History = 5,

    /// <summary>The last sequence number given out.</summary>
    LastSequenceNumber = 6,
}
