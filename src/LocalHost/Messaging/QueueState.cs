using System.Runtime.InteropServices;

namespace LocalHost.Messaging;

/// <summary>The counts and positions of a queue. Stored, in the layout of memory, with every batch that changes the queue.</summary>
[StructLayout(LayoutKind.Sequential)]
internal record struct QueueState
{
    private const byte Format = 1;
    private const int Numbers = 12;

    public const int Length = 1 + (Numbers * sizeof(long));

    /// <summary>The last sequence number that was assigned to a message.</summary>
    public long LastSequenceNumber { get; set; }

    /// <summary>The last number that was assigned to a dead letter.</summary>
    public long LastDeadLetter { get; set; }

    /// <summary>The number of active messages, locked or not.</summary>
    public long Active { get; set; }

    public long Scheduled { get; set; }

    public long DeadLetters { get; set; }

    /// <summary>No message has a lower sequence number: reading starts here to skip the deleted keys before.</summary>
    public long Head { get; set; }

    /// <summary>As <see cref="Head"/>, for dead letters.</summary>
    public long DeadLetterHead { get; set; }

    /// <summary>All messages up to this sequence number were received at least once.</summary>
    public long ReceivedUpTo { get; set; }

    /// <summary>As <see cref="ReceivedUpTo"/>, for dead letters.</summary>
    public long DeadLettersReceivedUpTo { get; set; }

    /// <summary>No scheduled message is before this position.</summary>
    public SchedulePosition ScheduleHead { get; set; }

    /// <summary>UTC ticks; the duplicate history before this time is deleted.</summary>
    public long HistoryHead { get; set; }

    public readonly void Write(Span<byte> row)
    {
        row[0] = Format;
        MemoryMarshal.Write(row[1..], in this);
    }

    /// <exception cref="InvalidDataException">The format is unknown.</exception>
    public static QueueState Read(ReadOnlySpan<byte> row) =>
        row[0] == Format && row.Length == Length
            ? MemoryMarshal.Read<QueueState>(row[1..])
            : throw new InvalidDataException($"The state of a queue has the unknown format {row[0]}.");
}
