using System.Buffers.Binary;
using System.Text;
using LocalHost.Storage;

namespace LocalHost.Messaging;

/// <summary>The keys of a queue's rows, as <see cref="KeySpace"/> describes them.</summary>
internal sealed class QueueKeys(ushort number)
{
    public const int MessageLength = 11;
    public const int ScheduledLength = 19;
    public const int HistoryLength = 19;

    private const int PrefixLength = 3;

    public byte[] State { get; } = [KeySpace.QueueState, (byte)(number >> 8), (byte)number];

    public static byte[] ForName(string queue) => [KeySpace.Queues, .. Encoding.UTF8.GetBytes(queue.ToLowerInvariant())];

    /// <param name="key">The buffer to write to.</param>
    /// <param name="kind"><see cref="KeySpace.Messages"/> or <see cref="KeySpace.DeadLetters"/>.</param>
    /// <param name="position">The position of the message.</param>
    public Span<byte> Message(Span<byte> key, byte kind, long position)
    {
        WritePrefix(key, kind);
        BinaryPrimitives.WriteInt64BigEndian(key[PrefixLength..], position);
        return key[..MessageLength];
    }

    /// <summary>The key of a message's delivery count.</summary>
    public Span<byte> Count(Span<byte> key, byte kind, long position)
    {
        WritePrefix(key, KeySpace.DeliveryCounts);
        key[PrefixLength] = kind;
        BinaryPrimitives.WriteInt64BigEndian(key[(PrefixLength + 1)..], position);
        return key[..(MessageLength + 1)];
    }

    public Span<byte> Scheduled(Span<byte> key, SchedulePosition position) =>
        TwoNumbers(key, KeySpace.Scheduled, position.Due, position.SequenceNumber);

    public Span<byte> History(Span<byte> key, long ticks, long sequenceNumber) =>
        TwoNumbers(key, KeySpace.DuplicateHistory, ticks, sequenceNumber);

    public static long ReadPosition(ReadOnlySpan<byte> key) => BinaryPrimitives.ReadInt64BigEndian(key[^sizeof(long)..]);

    public static SchedulePosition ReadScheduled(ReadOnlySpan<byte> key) => new(ReadTicks(key), ReadPosition(key));

    public static long ReadTicks(ReadOnlySpan<byte> key) => BinaryPrimitives.ReadInt64BigEndian(key[PrefixLength..]);

    private Span<byte> TwoNumbers(Span<byte> key, byte kind, long first, long second)
    {
        WritePrefix(key, kind);
        BinaryPrimitives.WriteInt64BigEndian(key[PrefixLength..], first);
        BinaryPrimitives.WriteInt64BigEndian(key[(PrefixLength + sizeof(long))..], second);
        return key[..ScheduledLength];
    }

    private void WritePrefix(Span<byte> key, byte kind)
    {
        key[0] = kind;
        BinaryPrimitives.WriteUInt16BigEndian(key[1..], number);
    }
}
