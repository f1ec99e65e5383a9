using System.Runtime.InteropServices;

namespace LocalHost.Journaling;

/// <summary>Where bytes lie in a journal: a position that only grows over the journal's life, and a length in bytes.</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct JournalAddress(long Offset, int Length)
{
    /// <summary>A part of these bytes, for records that hold several things.</summary>
    public JournalAddress Slice(int start, int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(start);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, Length - start);
        return new(Offset + start, length);
    }
}
