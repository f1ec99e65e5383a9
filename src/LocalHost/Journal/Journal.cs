using Microsoft.Extensions.Logging;

namespace LocalHost.Journaling;

/// <summary>
/// An append-only log in segment files, from which states are rebuilt. Appending assigns a place at once; one thread writes and flushes
/// everything appended meanwhile as a group. Safe for use by many threads.
/// </summary>
/// <remarks>
/// After a crash it holds a prefix of what was appended: a torn tail is cut off. Damage before the tail is
/// a <see cref="JournalCorruptException"/>. A failed write is final (<see cref="JournalFailedException"/>): what a failed flush has left on disk is unknown.
/// </remarks>
internal sealed partial class Journal : IDisposable
{
    private const int SpareBufferLength = 4 << 20;
    private const int FirstBufferLength = 64 << 10;

    private readonly string _folder;
    private readonly JournalOptions _options;
    private readonly ILogger _logger;
    private readonly IJournalParticipant?[] _participants = new IJournalParticipant?[128];
    private readonly List<Action<long>> _flushListeners = [];
    private readonly Thread _writer;

    // Guards what follows. The first pending group is the one being written, the last is the one that takes appends.
    private readonly object _gate = new();
    private readonly List<AppendGroup> _pending = [];
    private byte[]? _spareBuffer;
    private long _segmentStart;
    private long _end;
    private bool _closing;
    private JournalFailedException? _failure;

    // Replaced as a whole, by the writer and by compaction under the gate; read by anyone.
    private volatile SegmentFile[] _segments = [];
    private long _flushedTo;

    public Journal(string folder, JournalOptions options, ILogger logger)
    {
        _folder = folder;
        _options = options;
        _logger = logger;
        _writer = new Thread(WriteGroups) { Name = "journal", IsBackground = true };
    }

    /// <summary>Everything that starts before this position is safely on disk.</summary>
    public long FlushedTo => Volatile.Read(ref _flushedTo);

    /// <summary>What the last opening found.</summary>
    public JournalRecovery Recovery { get; private set; } = new(0, 0, 0);

    public long TotalBytes
    {
        get
        {
            lock (_gate)
                return _end - (_segments.Length == 0 ? _end : _segments[0].Start);
        }
    }

    /// <summary>
    /// Replays what is there to the participants and starts taking appends. <paramref name="flushed"/> is called after each flush with the position
    /// reached, on the writer's thread and before anybody who awaits the flush goes on: it must be quick.
    /// </summary>
    public void Open(IEnumerable<IJournalParticipant> participants, params Action<long>[] flushed)
    {
        foreach (var participant in participants)
            _participants[participant.Kind] = participant;
        _flushListeners.AddRange(flushed);
        Recover();
        _writer.Start();
    }

    /// <summary>Gives the record its place. It is not durable before <see cref="FlushedAsync"/>.</summary>
    public JournalAddress Append(byte kind, ReadOnlySpan<byte> record) => Append(kind, record, []);

    /// <summary>As <see cref="Append(byte, ReadOnlySpan{byte})"/>, of a record in two parts.</summary>
    public JournalAddress Append(byte kind, ReadOnlySpan<byte> header, ReadOnlySpan<byte> body)
    {
        if (header.Length + body.Length > RecordFormat.MaxPayload)
            throw new ArgumentException($"A record holds at most {RecordFormat.MaxPayload} bytes.", nameof(body));
        var checksum = RecordFormat.Checksum(header, body);
        lock (_gate)
        {
            if (_failure is not null)
                throw _failure;
            ObjectDisposedException.ThrowIf(_closing, this);

            var group = GroupFor(RecordFormat.HeaderLength + header.Length + body.Length);
            var address = group.Add(kind, header, body, checksum);
            _end = group.End;
            return address;
        }
    }

    /// <summary>Completes once the record is safely on disk; fails with <see cref="JournalFailedException"/> if it may not be.</summary>
    public ValueTask FlushedAsync(JournalAddress address)
    {
        if (address.Offset < FlushedTo)
            return ValueTask.CompletedTask;

        lock (_gate)
        {
            if (address.Offset < _flushedTo)
                return ValueTask.CompletedTask;
            foreach (var group in _pending)
            {
                if (group.Contains(address))
                    return new(group.Flushed);
            }
            return ValueTask.FromException(_failure ?? (Exception)new InvalidOperationException("Not an address of this journal."));
        }
    }

    /// <summary>Completes once everything appended so far is safely on disk; fails with <see cref="JournalFailedException"/> if it may not be.</summary>
    public Task FlushedAsync()
    {
        lock (_gate)
        {
            if (_failure is not null)
                return Task.FromException(_failure);
            return _pending.Count == 0 ? Task.CompletedTask : _pending[^1].Flushed;
        }
    }

    /// <summary>Reads what lies at an address, flushed or not. False when compaction has moved it: look the address up again.</summary>
    public bool TryRead(JournalAddress address, Span<byte> destination)
    {
        destination = destination[..address.Length];
        if (address.Offset >= FlushedTo && TryReadPending(address, destination))
            return true;

        try
        {
            var segment = SegmentOf(address.Offset);
            return segment is not null
                && SegmentFile.ReadFully(segment.Handle, destination, address.Offset - segment.Start) == address.Length;
        }
        catch (ObjectDisposedException)
        {
            return false;
        }
    }

    /// <summary>Writes what was appended and closes the files.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            if (_closing)
                return;
            _closing = true;
            Monitor.PulseAll(_gate);
        }
        if (_writer.IsAlive)
            _writer.Join();
        Compaction.GetAwaiter().GetResult();
        foreach (var segment in _segments)
            segment.Dispose();
    }

    private bool TryReadPending(JournalAddress address, Span<byte> destination)
    {
        lock (_gate)
        {
            foreach (var group in _pending)
            {
                if (group.Contains(address))
                {
                    group.Read(address, destination);
                    return true;
                }
            }
            return false;
        }
    }

    private SegmentFile? SegmentOf(long offset)
    {
        var segments = _segments;
        for (var i = segments.Length - 1; i >= 0; i--)
        {
            if (segments[i].Start <= offset)
                return segments[i];
        }
        return null;
    }

    private AppendGroup GroupFor(int recordLength)
    {
        var startsSegment = _end > _segmentStart && _end + recordLength - _segmentStart > _options.SegmentSize;
        if (startsSegment)
            _segmentStart = _end;
        // The first group may be in the writer's hands already; a group never spans segments.
        if (!startsSegment && _pending.Count > 0 && !(_pending.Count == 1 && _writing))
            return _pending[^1];

        var group = new AppendGroup(_spareBuffer ?? new byte[FirstBufferLength], _segmentStart, _end);
        _spareBuffer = null;
        _pending.Add(group);
        Monitor.Pulse(_gate);
        return group;
    }
}

/// <summary>What opening a journal found.</summary>
/// <param name="Records">How many records were replayed.</param>
/// <param name="Bytes">How many bytes the segments hold.</param>
/// <param name="TornBytes">How many bytes were cut off the end, because the last write was interrupted: none of them had been acknowledged.</param>
internal sealed record JournalRecovery(long Records, long Bytes, long TornBytes);
