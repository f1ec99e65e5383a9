namespace LocalHost.Storage.Native;

/// <summary>An open database. Those who read enter it first, and closing waits until they have left.</summary>
internal sealed unsafe class RocksDbHandle
{
    private readonly nint _database;
    private readonly nint _readOptions;
    private readonly nint _syncedWrite;
    private volatile bool _closing;
    private int _readers;

    private RocksDbHandle(nint database)
    {
        _database = database;
        _readOptions = RocksDbLibrary.CreateReadOptions();
        _syncedWrite = RocksDbLibrary.CreateWriteOptions();
        RocksDbLibrary.SetSync(_syncedWrite, 1);
    }

    /// <exception cref="RocksDbException">It can't be opened.</exception>
    public static RocksDbHandle Open(string path, string optionsText)
    {
        var defaults = RocksDbLibrary.CreateOptions();
        var options = RocksDbLibrary.CreateOptions();
        try
        {
            nint error = 0;
            RocksDbLibrary.ReadOptions(defaults, optionsText, options, ref error);
            RocksDbLibrary.ThrowIfFailed(error);
            var database = RocksDbLibrary.Open(options, path, ref error);
            RocksDbLibrary.ThrowIfFailed(error);
            return new RocksDbHandle(database);
        }
        finally
        {
            RocksDbLibrary.DestroyOptions(defaults);
            RocksDbLibrary.DestroyOptions(options);
        }
    }

    /// <summary>False if the database is being closed. Otherwise <see cref="Leave"/> must follow.</summary>
    public bool TryEnter()
    {
        Interlocked.Increment(ref _readers);
        if (!_closing)
        {
            return true;
        }

        Leave();
        return false;
    }

    public void Leave() => Interlocked.Decrement(ref _readers);

    public byte[]? Get(ReadOnlySpan<byte> key)
    {
        nint error = 0;
        nint pinned;
        fixed (byte* start = key)
        {
            pinned = RocksDbLibrary.GetPinned(_database, _readOptions, start, (nuint)key.Length, ref error);
        }

        RocksDbLibrary.ThrowIfFailed(error);
        if (pinned == 0)
        {
            return null;
        }

        var value = RocksDbLibrary.GetPinnedValue(pinned, out var length);
        var copy = new ReadOnlySpan<byte>(value, (int)length).ToArray();
        RocksDbLibrary.DestroyPinned(pinned);
        return copy;
    }

    public nint CreateIterator(nint readOptions) => RocksDbLibrary.CreateIterator(_database, readOptions);

    /// <summary>Writes a batch in RocksDB's own format and waits until it is safely on disk.</summary>
    public void Write(ReadOnlySpan<byte> batch)
    {
        nint error = 0;
        nint native;
        fixed (byte* start = batch)
        {
            native = RocksDbLibrary.CreateBatch(start, (nuint)batch.Length);
        }

        RocksDbLibrary.Write(_database, _syncedWrite, native, ref error);
        RocksDbLibrary.DestroyBatch(native);
        RocksDbLibrary.ThrowIfFailed(error);
    }

    /// <summary>Makes a copy of the database as it is now, in a folder that must not exist.</summary>
    public void Checkpoint(string folder)
    {
        nint error = 0;
        var checkpointer = RocksDbLibrary.CreateCheckpointer(_database, ref error);
        RocksDbLibrary.ThrowIfFailed(error);
        RocksDbLibrary.SaveCheckpoint(checkpointer, folder, 0, ref error);
        RocksDbLibrary.DestroyCheckpointer(checkpointer);
        RocksDbLibrary.ThrowIfFailed(error);
    }

    public void Close()
    {
        _closing = true;
        // What the others see and what is seen of them must not pass each other.
        Interlocked.MemoryBarrier();
        SpinWait.SpinUntil(() => Volatile.Read(ref _readers) == 0);
        RocksDbLibrary.Close(_database);
        RocksDbLibrary.DestroyReadOptions(_readOptions);
        RocksDbLibrary.DestroyWriteOptions(_syncedWrite);
    }
}
