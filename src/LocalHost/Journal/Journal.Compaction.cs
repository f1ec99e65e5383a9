namespace LocalHost.Journaling;

internal sealed partial class Journal
{
    // How much is appended again before it is waited for.
    private const int RelocationStep = 1 << 20;

    private bool _compactionStopped;

    /// <summary>The compaction under way, or one that has ended.</summary>
    public Task Compaction { get; private set; } = Task.CompletedTask;

    private void CompactIfWorthwhile()
    {
        if (IsCompactionWorthwhile() && Compaction.IsCompleted && !_compactionStopped)
            Compaction = Task.Run(CompactAsync);
    }

    private bool IsCompactionWorthwhile()
    {
        if (_segments.Length < 2)
            return false;
        long live = 0;
        foreach (var participant in _participants)
            live += participant?.LiveBytes ?? 0;
        return TotalBytes > (2 * live) + _options.CompactionFloor;
    }

    private async Task CompactAsync()
    {
        try
        {
            while (!_closing && IsCompactionWorthwhile())
                await CompactOldestAsync();
        }
        catch (Exception exception)
        {
            // Nothing is lost by not compacting; whatever is wrong must not be tried again and again.
            _compactionStopped = true;
            if (!_closing)
                Log.CompactionFailed(_logger, exception);
        }
    }

    /// <summary>Appends again what lives in the oldest segment and deletes it; the deletion waits until all that is on disk.</summary>
    private async Task CompactOldestAsync()
    {
        var oldest = _segments[0];
        var length = _segments[1].Start - oldest.Start;
        var reader = new RecordReader(oldest.Handle, oldest.Start, length);
        var flushedAt = 0L;
        while (reader.MoveNext())
        {
            ParticipantOf(reader.Kind, oldest.Path, reader.Position).Relocate(reader.Address, reader.Record);
            if (reader.Position - flushedAt > RelocationStep)
            {
                flushedAt = reader.Position;
                await FlushedAsync();
                ObjectDisposedException.ThrowIf(_closing, this);
            }
        }
        if (!reader.AtEnd)
            throw new JournalCorruptException(oldest.Path, reader.Position, "a record does not match its checksum");
        await FlushedAsync();

        lock (_gate)
            _segments = _segments[1..];
        oldest.Delete();
        Log.Compacted(_logger, oldest.Path, length, TotalBytes);
    }
}
