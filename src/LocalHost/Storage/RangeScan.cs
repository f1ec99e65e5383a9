using System.Runtime.InteropServices;
using LocalHost.Storage.Native;

namespace LocalHost.Storage;

/// <summary>
/// The rows of a range in key order, as of when the scan began. Dispose it soon: until then the database can't be closed or reopened.
/// </summary>
/// <remarks>For one thread at a time.</remarks>
internal sealed unsafe class RangeScan : IDisposable
{
    private readonly RocksDbHandle _database;
    private readonly nint _options;
    private readonly nint _iterator;
    private readonly byte* _end;
    private bool _started;
    private bool _disposed;

    /// <summary>The caller has acquired the database; the scan releases it.</summary>
    public RangeScan(RocksDbHandle database, ReadOnlySpan<byte> from, ReadOnlySpan<byte> to)
    {
        _database = database;
        _options = RocksDbLibrary.CreateReadOptions();
        // RocksDB keeps the pointer without copying the bytes.
        _end = (byte*)NativeMemory.Alloc((nuint)Math.Max(to.Length, 1));
        to.CopyTo(new Span<byte>(_end, to.Length));
        RocksDbLibrary.SetUpperBound(_options, _end, (nuint)to.Length);
        _iterator = database.CreateIterator(_options);
        Seek(from);
    }

    /// <summary>Valid until the next call of <see cref="MoveNext"/>.</summary>
    public ReadOnlySpan<byte> Key
    {
        get
        {
            var start = RocksDbLibrary.GetKey(_iterator, out var length);
            return new(start, (int)length);
        }
    }

    /// <summary>Valid until the next call of <see cref="MoveNext"/>.</summary>
    public ReadOnlySpan<byte> Value
    {
        get
        {
            var start = RocksDbLibrary.GetValue(_iterator, out var length);
            return new(start, (int)length);
        }
    }

    /// <summary>Continues at the first row whose key is not less: <see cref="MoveNext"/> moves to it.</summary>
    public void Seek(ReadOnlySpan<byte> key)
    {
        fixed (byte* start = key)
        {
            RocksDbLibrary.Seek(_iterator, start, (nuint)key.Length);
        }

        _started = false;
    }

    /// <exception cref="StorageUnavailableException">The rows can't be read.</exception>
    public bool MoveNext()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (_started && RocksDbLibrary.IsValid(_iterator) != 0)
        {
            RocksDbLibrary.MoveNext(_iterator);
        }

        _started = true;
        if (RocksDbLibrary.IsValid(_iterator) != 0)
        {
            return true;
        }

        nint error = 0;
        RocksDbLibrary.GetIteratorError(_iterator, ref error);
        try
        {
            RocksDbLibrary.ThrowIfFailed(error);
        }
        catch (RocksDbException exception)
        {
            throw StorageUnavailableException.Reading(exception);
        }

        return false;
    }

    public void Dispose()
    {
        if (!_disposed)
        {
            _disposed = true;
            RocksDbLibrary.DestroyIterator(_iterator);
            RocksDbLibrary.DestroyReadOptions(_options);
            NativeMemory.Free(_end);
            _database.Release();
        }
    }
}
