using System.Runtime.InteropServices;

namespace LocalHost.Messaging;

/// <summary>The position of a scheduled message.</summary>
/// <param name="Due">UTC ticks.</param>
/// <param name="SequenceNumber">The sequence number until it is due.</param>
[StructLayout(LayoutKind.Sequential)]
internal readonly record struct SchedulePosition(long Due, long SequenceNumber)
{
    public SchedulePosition Next => this with { SequenceNumber = SequenceNumber + 1 };

    public bool IsBefore(SchedulePosition other) => Due < other.Due || (Due == other.Due && SequenceNumber < other.SequenceNumber);
}
