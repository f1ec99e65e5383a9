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
/// The message ids that a queue has accepted within its duplicate detection window, whether or not their messages are still there.
/// </summary>
/// <remarks>
/// About 28 bytes an id. Ids are kept in slices of a quarter of the window, and a slice is dropped as a whole, so that nothing is moved or searched to
/// forget an id; an id in a slice that is still there is only a duplicate if its own time is within the window.
/// </remarks>
internal sealed class DuplicateHistory(TimeSpan window)
{
    private const int SlicesPerWindow = 4;

    private readonly long _window = window.Ticks;
    private readonly long _sliceLength = Math.Max(1, window.Ticks / SlicesPerWindow);

    // Newest first: the duplicate that is looked for most was sent a moment ago.
    private readonly List<Slice> _slices = [];

    /// <summary>How many ids are kept, some of them for up to a quarter of the window too long.</summary>
    public long Count
    {
        get
        {
            long count = 0;
            foreach (var slice in _slices)
                count += slice.Count;
            return count;
        }
    }

    /// <summary>False if the id was added within the window before <paramref name="now"/>.</summary>
    public bool TryAdd(DuplicateKey key, DateTimeOffset now)
    {
        var ticks = now.UtcTicks;
        Forget(ticks);
        foreach (var slice in _slices)
        {
            if (slice.Find(key) is { } added && added + _window > ticks)
                return false;
        }
        SliceOf(ticks).Set(key, ticks);
        return true;
    }

    /// <summary>Adds an id that was accepted in the past, at <paramref name="ticks"/> UTC. False if that is longer ago than the window.</summary>
    public bool Restore(DuplicateKey key, long ticks, DateTimeOffset now)
    {
        if (!IsWithinWindow(ticks, now))
            return false;
        SliceOf(ticks).Set(key, ticks);
        return true;
    }

    public bool IsWithinWindow(long ticks, DateTimeOffset now) => ticks + _window > now.UtcTicks;

    private void Forget(long now)
    {
        while (_slices.Count > 0 && _slices[^1].Start + _sliceLength + _window <= now)
            _slices.RemoveAt(_slices.Count - 1);
    }

    private Slice SliceOf(long ticks)
    {
        var start = ticks - (ticks % _sliceLength);
        var index = 0;
        while (index < _slices.Count && _slices[index].Start > start)
            index++;
        if (index == _slices.Count || _slices[index].Start != start)
            _slices.Insert(index, new Slice(start));
        return _slices[index];
    }

    /// <summary>A hash table with open addressing: 16 bytes an entry, no removal.</summary>
    private sealed class Slice(long start)
    {
        private Entry[] _entries = new Entry[64];

        public long Start { get; } = start;

        public int Count { get; private set; }

        public long? Find(DuplicateKey key)
        {
            ref var entry = ref Place(_entries, key);
            return entry.IsUsed ? Start + entry.Offset : null;
        }

        public void Set(DuplicateKey key, long ticks)
        {
            ref var entry = ref Place(_entries, key);
            if (!entry.IsUsed)
            {
                if (++Count * 5L > _entries.Length * 4L)
                    entry = ref Place(Grow(), key);
                entry.Key = key;
            }
            entry.SetOffset(ticks - Start);
        }

        private Entry[] Grow()
        {
            var larger = new Entry[_entries.Length * 2];
            foreach (var entry in _entries)
            {
                if (entry.IsUsed)
                    Place(larger, entry.Key) = entry;
            }
            return _entries = larger;
        }

        private static ref Entry Place(Entry[] entries, DuplicateKey key)
        {
            var index = (int)key.First & (entries.Length - 1);
            while (entries[index].IsUsed && entries[index].Key != key)
                index = (index + 1) & (entries.Length - 1);
            return ref entries[index];
        }
    }

    [StructLayout(LayoutKind.Sequential, Pack = 4)]
    private struct Entry
    {
        public DuplicateKey Key;

        // Milliseconds after the slice's start, and one: zero is an entry that isn't used. Rounded up, so that nothing is forgotten early.
        private uint _offset;

        public readonly bool IsUsed => _offset != 0;

        public readonly long Offset => (_offset - 1) * TimeSpan.TicksPerMillisecond;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void SetOffset(long ticks) => _offset = (uint)((ticks + TimeSpan.TicksPerMillisecond - 1) / TimeSpan.TicksPerMillisecond) + 1;
    }
}
