namespace LocalHost.Storage.Native;

/// <summary>An open database. Readers acquire it first, and closing it waits until they have released it.</summary>
internal sealed unsafe class RocksDbHandle
{
    private readonly nint _database;
    private readonly nint _readOptions;
    private readonly nint _writeOptions;
    private volatile bool _closing;
    private int _readers;

    private RocksDbHandle(nint database)
    {
        _database = database;
        _readOptions = RocksDbLibrary.CreateReadOptions();
        _writeOptions = RocksDbLibrary.CreateWriteOptions();
        RocksDbLibrary.SetSync(_writeOptions, 1);
    }

    /// <exception cref="RocksDbException">The database can't be opened.</exception>
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

    /// <summary>Returns false if the database is being closed. Otherwise the caller must <see cref="Release"/> it.</summary>
    public bool TryAcquire()
    {
        Interlocked.Increment(ref _readers);
        if (!_closing)
        {
            return true;
        }

        Release();
        return false;
    }

    public void Release() => Interlocked.Decrement(ref _readers);

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

    /// <summary>Writes a batch in RocksDB's own format, and returns when it is on disk.</summary>
    public void Write(ReadOnlySpan<byte> batch)
    {
        nint error = 0;
        nint native;
        fixed (byte* start = batch)
        {
            native = RocksDbLibrary.CreateBatch(start, (nuint)batch.Length);
        }

        RocksDbLibrary.Write(_database, _writeOptions, native, ref error);
        RocksDbLibrary.DestroyBatch(native);
        RocksDbLibrary.ThrowIfFailed(error);
    }

    /// <summary>Copies the database as it is now to a folder that must not exist.</summary>
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
        // Either a reader sees that the handle is closing, or the count below includes it.
        Interlocked.MemoryBarrier();
        SpinWait.SpinUntil(() => Volatile.Read(ref _readers) == 0);
        RocksDbLibrary.Close(_database);
        RocksDbLibrary.DestroyReadOptions(_readOptions);
        RocksDbLibrary.DestroyWriteOptions(_writeOptions);
    }
}
