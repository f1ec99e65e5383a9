using System.Buffers.Binary;
using System.Runtime.CompilerServices;
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
}

/// <summary>
/// The message ids that a queue has accepted within its duplicate detection window, whether or not their messages are still there. For the database's
/// writer thread alone.
/// </summary>
/// <remarks>
/// About 20 bytes an id. Ids are kept in slices, and a slice is dropped as a whole, so that nothing is moved or searched to forget an id; an id in a slice
/// that is still there is only a duplicate if its own time is within the window. A slice holds a quarter of the window, or fewer ids if they are many.
/// </remarks>
internal sealed class DuplicateHistory(TimeSpan window, int capacity = DuplicateHistory.DefaultCapacity)
{
    public const int DefaultCapacity = 4_000_000;

    private const int SlicesPerWindow = 4;

    // Four fifths of a power of two, which is how full a table gets, and of which the default capacity has not quite five.
    private const int LargestSlice = (1 << 20) / 5 * 4;

    private readonly long _window = window.Ticks;
    private readonly long _sliceLength = Math.Max(1, window.Ticks / SlicesPerWindow);
    private readonly int _sliceCapacity = Math.Min(LargestSlice, Math.Max(1, capacity / SlicesPerWindow));

    // Newest first: the duplicate that is looked for most was sent a moment ago.
    private readonly List<Slice> _slices = [];

    /// <summary>How many ids are kept, some of them for up to a quarter of the window too long.</summary>
    public long Count
    {
        get
        {
            long count = 0;
            foreach (var slice in _slices)
            {
                count += slice.Count;
            }

            return count;
        }
    }

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

        SliceOf(ticks).Set(key, ticks);
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

    /// <summary>Adds an id that was accepted in the past, at <paramref name="ticks"/> UTC, and later than all that were added before.</summary>
    public void Restore(DuplicateKey key, long ticks) => SliceOf(ticks).Set(key, ticks);

    /// <summary>Whether an id of this time counts. One of the future, by a clock that was ahead, doesn't for longer than the window either.</summary>
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

    private Slice SliceOf(long ticks)
    {
        if (_slices.Count == 0 || ticks < _slices[0].Start || ticks - _slices[0].Start >= _sliceLength || _slices[0].Count >= _sliceCapacity)
        {
            _slices.Insert(0, new Slice(ticks));
        }

        return _slices[0];
    }

    /// <summary>A hash table with open addressing: 16 bytes an entry.</summary>
    private sealed class Slice(long start)
    {
        private Entry[] _entries = new Entry[64];

        public long Start { get; } = start;

        public long End { get; private set; } = start;

        public int Count { get; private set; }

        public long? Find(DuplicateKey key)
        {
            ref var entry = ref Place(_entries, key);
            return entry.IsUsed && !entry.IsRemoved ? Start + entry.Offset : null;
        }

        public void Set(DuplicateKey key, long ticks)
        {
            ref var entry = ref Place(_entries, key);
            if (!entry.IsUsed)
            {
                if (++Count * 5L > _entries.Length * 4L)
                {
                    entry = ref Place(Grow(), key);
                }

                entry.Key = key;
            }

            entry.SetOffset(ticks - Start);
            End = Math.Max(End, ticks);
        }

        public void Remove(DuplicateKey key)
        {
            ref var entry = ref Place(_entries, key);
            if (entry.IsUsed)
            {
                entry.Remove();
            }
        }

        private Entry[] Grow()
        {
            var larger = new Entry[_entries.Length * 2];
            foreach (var entry in _entries)
            {
                if (entry.IsUsed)
                {
                    Place(larger, entry.Key) = entry;
                }
            }

            return _entries = larger;
        }

        private static ref Entry Place(Entry[] entries, DuplicateKey key)
        {
            var index = (int)key.First & (entries.Length - 1);
            while (entries[index].IsUsed && entries[index].Key != key)
            {
                index = (index + 1) & (entries.Length - 1);
            }

            return ref entries[index];
        }
    }

    [StructLayout(LayoutKind.Sequential, Pack = 4)]
    private struct Entry
    {
        // Its key stays, so that those that had to go further are still found.
        private const uint Removed = uint.MaxValue;

        public DuplicateKey Key;

        // Milliseconds after the slice's start, and one: zero is an entry that isn't used. Rounded up, so that nothing is forgotten early.
        private uint _offset;

        public readonly bool IsUsed => _offset != 0;

        public readonly bool IsRemoved => _offset == Removed;

        public readonly long Offset => (_offset - 1) * TimeSpan.TicksPerMillisecond;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void SetOffset(long ticks) => _offset = (uint)((ticks + TimeSpan.TicksPerMillisecond - 1) / TimeSpan.TicksPerMillisecond) + 1;

        public void Remove() => _offset = Removed;
    }
}
