namespace LocalHost.Messaging;

/// <summary>
/// The message ids that a queue accepted within its duplicate detection window, whether or not their messages still exist. Used by the
/// database's writer thread only.
/// </summary>
/// <remarks>
/// An id takes about 40 bytes. Ids are kept in slices of a quarter of the window, or less if there are many ids, and a slice is dropped as
/// a whole, so that expired ids need no search. An id that is still there is a duplicate only if its time is within the window.
/// </remarks>
internal sealed class DuplicateHistory(TimeSpan window, int capacity = DuplicateHistory.DefaultCapacity)
{
    public const int DefaultCapacity = 4_000_000;

    private const int SlicesPerWindow = 4;

    private readonly long _window = window.Ticks;
    private readonly long _sliceLength = Math.Max(1, window.Ticks / SlicesPerWindow);
    private readonly int _sliceCapacity = Math.Max(1, capacity / SlicesPerWindow);

    // Newest first, because most duplicates follow soon.
    private readonly List<Slice> _slices = [];

    /// <summary>The number of ids, including some that expired less than a quarter of the window ago.</summary>
    public long Count => _slices.Sum(slice => (long)slice.Count);

    /// <summary>Returns false if the id was added within the window before <paramref name="now"/>.</summary>
    public bool TryAdd(DuplicateKey key, DateTimeOffset now)
    {
        var ticks = now.UtcTicks;
        foreach (var slice in _slices)
        {
            if (slice.Find(key) is { } added && IsWithinWindow(added, ticks))
            {
                return false;
            }
        }

        Restore(key, ticks);
        return true;
    }

    /// <summary>Removes an id whose message was not stored.</summary>
    public void Remove(DuplicateKey key)
    {
        foreach (var slice in _slices)
        {
            slice.Remove(key);
        }
    }

    /// <summary>
    /// Adds an id that was accepted at <paramref name="ticks"/> UTC, later than all that were added before.
    /// </summary>
    public void Restore(DuplicateKey key, long ticks)
    {
        if (
            _slices.Count == 0
            || ticks < _slices[0].Start
            || ticks - _slices[0].Start >= _sliceLength
            || _slices[0].Count >= _sliceCapacity
        )
        {
            _slices.Insert(0, new Slice(ticks));
        }

        _slices[0].Set(key, ticks);
    }

    /// <summary>
    /// Whether an id of this time is within the window. A time in the future, of a clock that was ahead, expires after a window too.
    /// </summary>
    public bool IsWithinWindow(long ticks, long now) => Math.Abs(now - ticks) < _window;

    /// <summary>Removes expired ids, and the oldest if there are too many.</summary>
    /// <returns>The time of the newest removed id that was not expired, or null.</returns>
    public long? Trim(DateTimeOffset now)
    {
        _slices.RemoveAll(slice => !IsWithinWindow(slice.Start, now.UtcTicks) && !IsWithinWindow(slice.Start + _sliceLength, now.UtcTicks));
        long? removed = null;
        while (Count > capacity)
        {
            removed = _slices[^1].End;
            _slices.RemoveAt(_slices.Count - 1);
        }

        return removed;
    }

    private sealed class Slice(long start)
    {
        // Milliseconds after the start, rounded up so that no id expires early.
        private readonly Dictionary<DuplicateKey, uint> _times = [];

        public long Start { get; } = start;

        public long End { get; private set; } = start;

        public int Count => _times.Count;

        public long? Find(DuplicateKey key) => _times.TryGetValue(key, out var time) ? Start + (time * TimeSpan.TicksPerMillisecond) : null;

        public void Set(DuplicateKey key, long ticks)
        {
            _times[key] = (uint)((ticks - Start + TimeSpan.TicksPerMillisecond - 1) / TimeSpan.TicksPerMillisecond);
            End = Math.Max(End, ticks);
        }

        public void Remove(DuplicateKey key) => _times.Remove(key);
    }
}
