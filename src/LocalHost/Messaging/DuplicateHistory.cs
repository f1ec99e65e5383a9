using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;

namespace LocalHost.Messaging;

/// <summary>A message id's hash: 96 bits, so that no two ids meet by chance or by design.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 4)]
internal readonly record struct DuplicateKey(ulong First, uint Second)
{
    public const int Length = 12;

    public static DuplicateKey Of(string messageId)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        Span<byte> utf8 = stackalloc byte[MessageLimits.MessageIdLength * 3];
        SHA256.HashData(utf8[..Encoding.UTF8.GetBytes(messageId, utf8)], hash);
        return Read(hash);
    }

    public static DuplicateKey Read(ReadOnlySpan<byte> bytes) =>
        new(BinaryPrimitives.ReadUInt64LittleEndian(bytes), BinaryPrimitives.ReadUInt32LittleEndian(bytes[8..]));

    public void Write(Span<byte> bytes)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, First);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[8..], Second);
    }

    // Any part of a hash is one.
    public override int GetHashCode() => (int)Second;
}

/// <summary>
/// The message ids that a queue has accepted within its duplicate detection window, whether or not their messages are still there. For the
/// database's writer thread alone.
/// </summary>
/// <remarks>
/// About 40 bytes an id. Ids are kept in slices, and a slice is dropped as a whole, so that nothing is searched to forget an id; an id in a
/// slice that is still there is only a duplicate if its own time is within the window. A slice holds a quarter of the window, or fewer ids
/// if they are many.
/// </remarks>
internal sealed class DuplicateHistory(TimeSpan window, int capacity = DuplicateHistory.DefaultCapacity)
{
    public const int DefaultCapacity = 4_000_000;

    private const int SlicesPerWindow = 4;

    private readonly long _window = window.Ticks;
    private readonly long _sliceLength = Math.Max(1, window.Ticks / SlicesPerWindow);
    private readonly int _sliceCapacity = Math.Max(1, capacity / SlicesPerWindow);

    // Newest first: the duplicate that is looked for most was sent a moment ago.
    private readonly List<Slice> _slices = [];

    /// <summary>How many ids are kept, some of them for up to a quarter of the window too long.</summary>
    public long Count => _slices.Sum(slice => (long)slice.Count);

    /// <summary>False if the id was added within the window before <paramref name="now"/>.</summary>
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

    /// <summary>Takes back an id that was added a moment ago.</summary>
    public void Remove(DuplicateKey key)
    {
        foreach (var slice in _slices)
        {
            slice.Remove(key);
        }
    }

    /// <summary>
    /// Adds an id that was accepted in the past, at <paramref name="ticks"/> UTC, and later than all that were added before.
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
    /// Whether an id of this time counts. One of the future, by a clock that was ahead, doesn't for longer than the window either.
    /// </summary>
    public bool IsWithinWindow(long ticks, long now) => Math.Abs(now - ticks) < _window;

    /// <summary>Forgets what is outside of the window, and the oldest if there are too many.</summary>
    /// <returns>Up to which time what was within the window was forgotten; null if nothing was.</returns>
    public long? Forget(DateTimeOffset now)
    {
        _slices.RemoveAll(slice => !IsWithinWindow(slice.Start, now.UtcTicks) && !IsWithinWindow(slice.Start + _sliceLength, now.UtcTicks));
        long? forgotten = null;
        while (Count > capacity)
        {
            forgotten = _slices[^1].End;
            _slices.RemoveAt(_slices.Count - 1);
        }

        return forgotten;
    }

    private sealed class Slice(long start)
    {
        // Milliseconds after the start, rounded up so that nothing is forgotten early.
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
