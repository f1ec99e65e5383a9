namespace LocalHost.Journaling;

internal sealed record JournalOptions
{
    /// <summary>In bytes. A segment is longer only where a single record is.</summary>
    public long SegmentSize { get; init; } = 64 << 20;

    /// <summary>In bytes. The oldest segment is compacted once the journal is larger than twice what lives in it and this.</summary>
    public long CompactionFloor { get; init; } = 128 << 20;
}
