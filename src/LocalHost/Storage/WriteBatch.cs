using System.Buffers.Binary;
using System.Runtime.InteropServices;
using LocalHost.Storage.Native;

namespace LocalHost.Storage;

/// <summary>
/// The changes of many operations, written together, and the state after them. Used by the writer thread only.
/// </summary>
/// <remarks>
/// The format is that of RocksDB's <c>WriteBatch::Data()</c>, so that a batch costs one native call: sequence number (8 bytes, set by
/// RocksDB), count (4), and for each change its type, the key and, unless it is a deletion, the value, both prefixed by their length.
/// </remarks>
internal sealed class WriteBatch : IDisposable
{
    private const int HeaderLength = 12;
    private const int InitialLength = 64 << 10;
    private const int MaxRetainedLength = 8 << 20;
    private const byte Deletion = 0,
        Value = 1,
        RangeDeletion = 15;

    private readonly Dictionary<Slice, Slice> _changes;
    private readonly Dictionary<Slice, Slice>.AlternateLookup<ReadOnlySpan<byte>> _changesByKey;
    private readonly List<(Slice Key, Slice? Before)> _undo = [];
    private readonly List<IBatchParticipant> _participants = [];
    private ByteWriter _bytes = new(InitialLength);
    private int _undoLength;
    private int _undoCount;

    public WriteBatch()
    {
        _changes = new(new SliceComparer(this));
        _changesByKey = _changes.GetAlternateLookup<ReadOnlySpan<byte>>();
        _bytes.Append(HeaderLength).Clear();
    }

    /// <summary>The number of changes.</summary>
    public int Count { get; private set; }

    public int Length => _bytes.Length;

    internal RocksDbHandle? Database { get; set; }

    internal ReadOnlySpan<byte> Bytes
    {
        get
        {
            BinaryPrimitives.WriteInt32LittleEndian(_bytes.Written[sizeof(long)..], Count);
            return _bytes.Written;
        }
    }

    public void Put(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value) => value.CopyTo(Put(key, value.Length));

    /// <summary>
    /// As <see cref="Put(ReadOnlySpan{byte}, ReadOnlySpan{byte})"/>, but the caller fills in the value before it uses the batch again.
    /// </summary>
    public Span<byte> Put(ReadOnlySpan<byte> key, int valueLength)
    {
        var start = AppendKey(Value, key);
        _bytes.WriteVarint(valueLength);
        Track(start, key.Length, new(Length, valueLength));
        return _bytes.Append(valueLength);
    }

    public void Delete(ReadOnlySpan<byte> key)
    {
        var start = AppendKey(Deletion, key);
        Track(start, key.Length, Slice.Deleted);
    }

    /// <summary>
    /// Deletes the keys from <paramref name="from"/> (inclusive) to <paramref name="to"/> (exclusive). <see cref="Get"/> ignores this.
    /// </summary>
    public void DeleteRange(ReadOnlySpan<byte> from, ReadOnlySpan<byte> to)
    {
        AppendKey(RangeDeletion, from);
        _bytes.WriteVarint(to.Length);
        _bytes.Write(to);
    }

    /// <summary>The value after the changes so far, or null if there is none.</summary>
    /// <exception cref="StorageUnavailableException">The value can't be read.</exception>
    public byte[]? Get(ReadOnlySpan<byte> key)
    {
        if (_changesByKey.TryGetValue(key, out var value))
        {
            return value == Slice.Deleted ? null : BytesOf(value).ToArray();
        }

        try
        {
            return Database!.Get(key);
        }
        catch (RocksDbException exception)
        {
            throw StorageUnavailableException.Reading(exception);
        }
    }

    /// <summary>The stored rows of a range, without the changes of this batch. Dispose the scan before the batch is written.</summary>
    /// <exception cref="StorageUnavailableException">The rows can't be read.</exception>
    public RangeScan Scan(ReadOnlySpan<byte> from, ReadOnlySpan<byte> to) =>
        Database!.TryAcquire() ? new RangeScan(Database, from, to) : throw new InvalidOperationException("The database is closed.");

    /// <summary>Has the participant complete this batch before it is written. Returns false if it already takes part.</summary>
    public bool Join(IBatchParticipant participant)
    {
        if (_participants.Contains(participant))
        {
            return false;
        }

        _participants.Add(participant);
        return true;
    }

    public void Dispose() => _bytes.Dispose();

    internal void Complete()
    {
        foreach (var participant in _participants)
        {
            participant.Complete(this);
        }
    }

    internal void Clear()
    {
        _participants.Clear();
        if (Length > MaxRetainedLength)
        {
            _bytes.Dispose();
            _bytes = new(InitialLength);
            _bytes.Append(HeaderLength).Clear();
        }

        _bytes.Truncate(HeaderLength);
        Count = 0;

        _changes.Clear();
        if (_changes.Capacity > MaxRetainedLength >> 7)
        {
            _changes.TrimExcess(1024);
        }

        BeginOperation();
    }

    internal void BeginOperation()
    {
        (_undoLength, _undoCount) = (Length, Count);
        _undo.Clear();
    }

    /// <summary>Undoes the changes since <see cref="BeginOperation"/>.</summary>
    internal void UndoOperation()
    {
        for (var i = _undo.Count - 1; i >= 0; i--)
        {
            if (_undo[i].Before is { } before)
            {
                _changes[_undo[i].Key] = before;
            }
            else
            {
                _changes.Remove(_undo[i].Key);
            }
        }

        _bytes.Truncate(_undoLength);
        Count = _undoCount;
        _undo.Clear();
    }

    /// <returns>The position of the key.</returns>
    private int AppendKey(byte type, ReadOnlySpan<byte> key)
    {
        _bytes.Append(1)[0] = type;
        Count++;
        _bytes.WriteVarint(key.Length);
        _bytes.Write(key);
        return Length - key.Length;
    }

    private void Track(int keyStart, int keyLength, Slice value)
    {
        var key = new Slice(keyStart, keyLength);
        ref var entry = ref CollectionsMarshal.GetValueRefOrAddDefault(_changes, key, out var exists);
        _undo.Add((key, exists ? entry : null));
        entry = value;
    }

    private ReadOnlySpan<byte> BytesOf(Slice slice) => _bytes.Written.Slice(slice.Start, slice.Length);

    [StructLayout(LayoutKind.Auto)]
    private readonly record struct Slice(int Start, int Length)
    {
        public static readonly Slice Deleted = new(-1, 0);
    }

    private sealed class SliceComparer(WriteBatch batch) : IEqualityComparer<Slice>, IAlternateEqualityComparer<ReadOnlySpan<byte>, Slice>
    {
        public bool Equals(Slice x, Slice y) => batch.BytesOf(x).SequenceEqual(batch.BytesOf(y));

        public int GetHashCode(Slice slice) => GetHashCode(batch.BytesOf(slice));

        public bool Equals(ReadOnlySpan<byte> alternate, Slice other) => alternate.SequenceEqual(batch.BytesOf(other));

        public int GetHashCode(ReadOnlySpan<byte> alternate)
        {
            var hash = new HashCode();
            hash.AddBytes(alternate);
            return hash.ToHashCode();
        }

        public Slice Create(ReadOnlySpan<byte> alternate) =>
            throw new NotSupportedException("Keys must be in the batch before they are tracked.");
    }
}
