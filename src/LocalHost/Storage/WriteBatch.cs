using System.Buffers.Binary;
using System.Runtime.InteropServices;
using LocalHost.Storage.Native;

namespace LocalHost.Storage;

/// <summary>
/// The changes of many operations that are written as one, and the state as it will be after them. For the writer thread alone.
/// </summary>
/// <remarks>
/// The bytes are those of RocksDB's <c>WriteBatch::Data()</c>, so that a batch costs one call: sequence number (8 bytes, RocksDB's), count
/// (4), and for each change its type, the key and, if there is one, the value, each with its length before it.
/// </remarks>
internal sealed class WriteBatch : IDisposable
{
    private const int HeaderLength = 12;
    private const int SmallLength = 64 << 10;
    private const int SpareLength = 8 << 20;
    private const byte Deletion = 0,
        Value = 1,
        RangeDeletion = 15;

    private readonly Dictionary<Slice, Slice> _changes;
    private readonly Dictionary<Slice, Slice>.AlternateLookup<ReadOnlySpan<byte>> _changesByKey;
    private readonly List<(Slice Key, Slice? Before)> _undo = [];
    private readonly List<IBatchParticipant> _participants = [];
    private ByteWriter _bytes = new(SmallLength);
    private int _undoLength;
    private int _undoCount;

    public WriteBatch()
    {
        _changes = new(new SliceComparer(this));
        _changesByKey = _changes.GetAlternateLookup<ReadOnlySpan<byte>>();
        _bytes.Take(HeaderLength).Clear();
    }

    /// <summary>How many changes it has.</summary>
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
    /// As <see cref="Put(ReadOnlySpan{byte}, ReadOnlySpan{byte})"/>, of a value for the caller to write, before anything else is put.
    /// </summary>
    public Span<byte> Put(ReadOnlySpan<byte> key, int valueLength)
    {
        var start = Begin(Value, key);
        _bytes.WriteLength(valueLength);
        Change(start, key.Length, new(Length, valueLength));
        return _bytes.Take(valueLength);
    }

    public void Delete(ReadOnlySpan<byte> key)
    {
        var start = Begin(Deletion, key);
        Change(start, key.Length, Slice.Deleted);
    }

    /// <summary>
    /// Deletes the keys from <paramref name="from"/> on that are less than <paramref name="to"/>. <see cref="Get"/> doesn't know of it.
    /// </summary>
    public void DeleteRange(ReadOnlySpan<byte> from, ReadOnlySpan<byte> to)
    {
        Begin(RangeDeletion, from);
        _bytes.WriteLength(to.Length);
        _bytes.Write(to);
    }

    /// <summary>The value as it will be after this batch; null if there is none.</summary>
    /// <exception cref="StorageUnavailableException">It can't be read.</exception>
    public byte[]? Get(ReadOnlySpan<byte> key)
    {
        if (_changesByKey.TryGetValue(key, out var value))
        {
            return value == Slice.Deleted ? null : Of(value).ToArray();
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

    /// <summary>The stored rows of a range, without what this batch changes. To be disposed of before the batch is written.</summary>
    /// <exception cref="StorageUnavailableException">They can't be read.</exception>
    public RangeScan Scan(ReadOnlySpan<byte> from, ReadOnlySpan<byte> to) =>
        Database!.TryEnter()
            ? new RangeScan(Database, from, to)
            : throw new InvalidOperationException("The database is closed while a batch is made.");

    /// <summary>Lets the participant complete this batch before it is written. False if it does so already.</summary>
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
        if (Length > SpareLength)
        {
            _bytes.Dispose();
            _bytes = new(SmallLength);
            _bytes.Take(HeaderLength).Clear();
        }

        _bytes.CutTo(HeaderLength);
        Count = 0;

        _changes.Clear();
        if (_changes.Capacity > SpareLength >> 7)
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

    /// <summary>Takes back what was put since <see cref="BeginOperation"/>.</summary>
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

        _bytes.CutTo(_undoLength);
        Count = _undoCount;
        _undo.Clear();
    }

    /// <returns>Where the key starts.</returns>
    private int Begin(byte type, ReadOnlySpan<byte> key)
    {
        _bytes.Take(1)[0] = type;
        Count++;
        _bytes.WriteLength(key.Length);
        _bytes.Write(key);
        return Length - key.Length;
    }

    private void Change(int keyStart, int keyLength, Slice value)
    {
        var key = new Slice(keyStart, keyLength);
        ref var entry = ref CollectionsMarshal.GetValueRefOrAddDefault(_changes, key, out var exists);
        _undo.Add((key, exists ? entry : null));
        entry = value;
    }

    private ReadOnlySpan<byte> Of(Slice slice) => _bytes.Written.Slice(slice.Start, slice.Length);

    [StructLayout(LayoutKind.Auto)]
    private readonly record struct Slice(int Start, int Length)
    {
        public static readonly Slice Deleted = new(-1, 0);
    }

    private sealed class SliceComparer(WriteBatch batch) : IEqualityComparer<Slice>, IAlternateEqualityComparer<ReadOnlySpan<byte>, Slice>
    {
        public bool Equals(Slice x, Slice y) => batch.Of(x).SequenceEqual(batch.Of(y));

        public int GetHashCode(Slice slice) => GetHashCode(batch.Of(slice));

        public bool Equals(ReadOnlySpan<byte> alternate, Slice other) => alternate.SequenceEqual(batch.Of(other));

        public int GetHashCode(ReadOnlySpan<byte> alternate)
        {
            var hash = new HashCode();
            hash.AddBytes(alternate);
            return hash.ToHashCode();
        }

        public Slice Create(ReadOnlySpan<byte> alternate) =>
            throw new NotSupportedException("Keys are added where they stand in the batch.");
    }
}

/// <summary>Adds once to a batch what sums up the operations in it.</summary>
internal interface IBatchParticipant
{
    /// <summary>Called on the writer thread after the last operation was applied. Must not throw.</summary>
    void Complete(WriteBatch batch);
}
