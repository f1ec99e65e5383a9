using System.Runtime.InteropServices;

namespace LocalHost.Messaging;

/// <summary>The counts and positions of a queue, which are stored as they are in memory with each batch that changes them.</summary>
[StructLayout(LayoutKind.Sequential)]
internal record struct QueueState
{
    private const byte Format = 1;
    private const int Numbers = 12;

    public const int Length = 1 + (Numbers * sizeof(long));

    /// <summary>The last sequence number that was given to a message.</summary>
    public long LastSequenceNumber { get; set; }

    /// <summary>The last number that was given to a dead letter.</summary>
    public long LastDeadLetter { get; set; }

    /// <summary>How many messages wait to be received or are locked.</summary>
    public long Active { get; set; }

    public long Scheduled { get; set; }

    public long DeadLetters { get; set; }

    /// <summary>No message has a lower sequence number: reading starts here, rather than among the deleted keys before it.</summary>
    public long Head { get; set; }

    /// <summary>As <see cref="Head"/>, of the dead letters.</summary>
    public long DeadLetterHead { get; set; }

    /// <summary>All messages up to this sequence number were received at least once.</summary>
    public long ReceivedUpTo { get; set; }

    /// <summary>As <see cref="ReceivedUpTo"/>, of the dead letters.</summary>
    public long DeadLettersReceivedUpTo { get; set; }

    /// <summary>No scheduled message lies before.</summary>
    public SchedulePosition ScheduleHead { get; set; }

    /// <summary>UTC ticks; the duplicate history before was deleted.</summary>
    public long HistoryHead { get; set; }

    public readonly void Write(Span<byte> row)
    {
        row[0] = Format;
        MemoryMarshal.Write(row[1..], in this);
    }

    /// <exception cref="InvalidDataException">It is of a format that this version doesn't know.</exception>
    public static QueueState Read(ReadOnlySpan<byte> row) =>
        row[0] == Format && row.Length == Length
            ? MemoryMarshal.Read<QueueState>(row[1..])
            : throw new InvalidDataException($"The state of a queue has the format {row[0]}, which this version doesn't know.");
}

/// <param name="Due">UTC ticks.</param>
[StructLayout(LayoutKind.Sequential)]
internal readonly record struct SchedulePosition(long Due, long SequenceNumber)
{
    public SchedulePosition Next => this with { SequenceNumber = SequenceNumber + 1 };

    public bool IsBefore(SchedulePosition other) => Due < other.Due || (Due == other.Due && SequenceNumber < other.SequenceNumber);
}
