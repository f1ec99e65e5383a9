using Microsoft.Extensions.Logging;

namespace LocalHost.Journaling;

internal sealed partial class Journal
{
    private bool _writing;

    private void WriteGroups()
    {
        while (NextGroup() is { } group)
        {
            try
            {
                Write(group);
            }
            catch (Exception cause) when (cause is IOException or UnauthorizedAccessException)
            {
                Fail(cause);
                return;
            }

            foreach (var listener in _flushListeners)
                listener(group.End);
            // Only now: whoever finds its record flushed must find the listeners informed.
            Volatile.Write(ref _flushedTo, group.End);
            Release(group);
            group.Complete();
            CompactIfWorthwhile();
        }
    }

    private AppendGroup? NextGroup()
    {
        lock (_gate)
        {
            while (_pending.Count == 0 && !_closing)
                Monitor.Wait(_gate);
            _writing = _pending.Count > 0;
            return _writing ? _pending[0] : null;
        }
    }

    private void Write(AppendGroup group)
    {
        var segments = _segments;
        var segment = segments.Length == 0 ? null : segments[^1];
        if (segment is null || segment.Start != group.SegmentStart)
        {
            segment = SegmentFile.Create(_folder, group.SegmentStart);
            lock (_gate)
                _segments = [.. _segments, segment];
        }
        RandomAccess.Write(segment.Handle, group.Buffer.AsSpan(0, group.Length), group.Start - segment.Start);
        RandomAccess.FlushToDisk(segment.Handle);
    }

    private void Release(AppendGroup group)
    {
        lock (_gate)
        {
            _pending.RemoveAt(0);
            _writing = false;
            if (group.Buffer.Length <= SpareBufferLength)
                _spareBuffer = group.Buffer;
        }
    }

    private void Fail(Exception cause)
    {
        // The groups stay, so that what was appended can still be read.
        AppendGroup[] lost;
        var failure = new JournalFailedException(_folder, cause);
        lock (_gate)
        {
            _failure = failure;
            lost = [.. _pending];
        }
        Log.Failed(_logger, failure, _folder);
        foreach (var group in lost)
            group.Fail(failure);
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Critical, "The journal in {Folder} could not be written. Nothing more is accepted until it is opened again.")]
        public static partial void Failed(ILogger logger, Exception exception, string folder);

        [LoggerMessage(LogLevel.Warning, "Cut {Bytes} bytes off the end of {File}: the last write was interrupted before it was acknowledged.")]
        public static partial void TornTail(ILogger logger, long bytes, string file);

        [LoggerMessage(LogLevel.Debug, "Compacted {File}: {Bytes} bytes freed, {Total} remain.")]
        public static partial void Compacted(ILogger logger, string file, long bytes, long total);

        [LoggerMessage(LogLevel.Error, "Compaction stopped: the journal grows until the data folder is opened again.")]
        public static partial void CompactionFailed(ILogger logger, Exception exception);
    }
}
