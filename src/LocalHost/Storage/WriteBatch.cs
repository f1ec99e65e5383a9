using System.Buffers.Binary;
using System.Runtime.InteropServices;
using LocalHost.Storage.Native;

namespace LocalHost.Storage;

/// <summary>The changes of many operations that are written as one, and the state as it will be after them. For the writer thread alone.</summary>
/// <remarks>
/// The bytes are those of RocksDB's <c>WriteBatch::Data()</c>, so that a batch costs one call: sequence number (8 bytes, RocksDB's), count (4), and for
/// each change its type, the key and, if there is one, the value, each with its length before it.
/// </remarks>
internal sealed class WriteBatch
{
    private const int HeaderLength = 12;
    private const int LongestLength = 5;
    private const int SpareLength = 8 << 20;
    private const byte Deletion = 0, Value = 1, RangeDeletion = 15;

    private readonly Dictionary<Slice, Slice> _changes;
    private readonly Dictionary<Slice, Slice>.AlternateLookup<ReadOnlySpan<byte>> _changesByKey;
    private readonly List<(Slice Key, Slice? Before)> _undo = [];
    private readonly List<IBatchParticipant> _participants = [];
    private byte[] _bytes = new byte[64 << 10];
    private int _undoLength;
    private int _undoCount;

    public WriteBatch()
    {
        _changes = new(new SliceComparer(this));
        _changesByKey = _changes.GetAlternateLookup<ReadOnlySpan<byte>>();
    }

    /// <summary>How many changes it has.</summary>
    public int Count { get; private set; }

    public int Length { get; private set; } = HeaderLength;

    internal RocksDbHandle? Database { get; set; }

    internal ReadOnlySpan<byte> Bytes
    {
        get
        {
            BinaryPrimitives.WriteInt32LittleEndian(_bytes.AsSpan(sizeof(long)), Count);
            return _bytes.AsSpan(0, Length);
        }
    }

    public void Put(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value) => value.CopyTo(Put(key, value.Length));

    /// <summary>As <see cref="Put(ReadOnlySpan{byte}, ReadOnlySpan{byte})"/>, of a value for the caller to write, before anything else is put.</summary>
    public Span<byte> Put(ReadOnlySpan<byte> key, int valueLength)
    {
        var start = Begin(Value, key, LongestLength + valueLength);
        WriteLength(valueLength);
        Change(start, key.Length, new(Length, valueLength));
        Length += valueLength;
        return _bytes.AsSpan(Length - valueLength, valueLength);
    }

    public void Delete(ReadOnlySpan<byte> key)
    {
        var start = Begin(Deletion, key, 0);
        Change(start, key.Length, Slice.Deleted);
    }

    /// <summary>Deletes the keys from <paramref name="from"/> on that are less than <paramref name="to"/>. <see cref="Get"/> doesn't know of it.</summary>
    public void DeleteRange(ReadOnlySpan<byte> from, ReadOnlySpan<byte> to)
    {
        Begin(RangeDeletion, from, LongestLength + to.Length);
        WriteLength(to.Length);
        Write(to);
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
    public RangeScan Scan(ReadOnlySpan<byte> from, ReadOnlySpan<byte> to) => Database!.TryEnter()
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
        (Count, Length) = (0, HeaderLength);
        if (_bytes.Length > SpareLength)
        {
            _bytes = new byte[SpareLength];
        }

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

        (Length, Count) = (_undoLength, _undoCount);
        _undo.Clear();
    }

    /// <returns>Where the key starts.</returns>
    private int Begin(byte type, ReadOnlySpan<byte> key, int following)
    {
        Reserve(1 + LongestLength + key.Length + following);
        _bytes[Length++] = type;
        Count++;
        WriteLength(key.Length);
        Write(key);
        return Length - key.Length;
    }

    private void Change(int keyStart, int keyLength, Slice value)
    {
        var key = new Slice(keyStart, keyLength);
        ref var entry = ref CollectionsMarshal.GetValueRefOrAddDefault(_changes, key, out var exists);
        _undo.Add((key, exists ? entry : null));
        entry = value;
    }

    private void Write(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(_bytes.AsSpan(Length));
        Length += bytes.Length;
    }

    private void WriteLength(int length)
    {
        var rest = (uint)length;
        for (; rest >= 0x80; rest >>= 7)
        {
            _bytes[Length++] = (byte)(rest | 0x80);
        }

        _bytes[Length++] = (byte)rest;
    }

    private void Reserve(int length)
    {
        if (Length + length > _bytes.Length)
        {
            Array.Resize(ref _bytes, Math.Max(Length + length, _bytes.Length * 2));
        }
    }

    private ReadOnlySpan<byte> Of(Slice slice) => _bytes.AsSpan(slice.Start, slice.Length);

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

        public Slice Create(ReadOnlySpan<byte> alternate) => throw new NotSupportedException("Keys are added where they stand in the batch.");
    }
}

/// <summary>Adds once to a batch what sums up the operations in it.</summary>
internal interface IBatchParticipant
{
    /// <summary>Called on the writer thread after the last operation was applied. Must not throw.</summary>
    void Complete(WriteBatch batch);
}
