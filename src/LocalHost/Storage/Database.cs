using System.Buffers.Binary;
using LocalHost.Storage.Native;
using Microsoft.Extensions.Logging;

namespace LocalHost.Storage;

/// <summary>
/// The RocksDB database of a data folder. One thread writes all operations that are pending as one batch with one sync (group commit); an
/// operation is acknowledged when its batch is on disk. Any thread can read, and sees what has been acknowledged.
/// </summary>
internal sealed partial class Database : IDisposable
{
    /// <summary>The format of everything in the database.</summary>
    public const int FormatVersion = 1;

    private readonly string _folder;
    private readonly DatabaseOptions _options;
    private readonly ILogger _logger;

    // Replaced by the writer thread only. Null while the database can't be reopened after a failure.
    private volatile RocksDbHandle? _database;

    private Database(string folder, DatabaseOptions options, ILogger logger)
    {
        _folder = folder;
        _options = options;
        _logger = logger;
        _writer = new Thread(WriteBatches) { Name = "database", IsBackground = true };
    }

    /// <summary>False from a failed write until the database accepts writes again.</summary>
    public bool IsHealthy => LastError is null;

    /// <summary>Why the database can't be written at the moment, or null if it can.</summary>
    public StorageUnavailableException? LastError => _failure;

    /// <summary>The bytes on the disk that this user may still use.</summary>
    public long FreeBytes => new DriveInfo(OperatingSystem.IsWindows() ? Path.GetPathRoot(_folder)! : _folder).AvailableFreeSpace;

    /// <summary>Opens the database in this folder, or creates it.</summary>
    /// <exception cref="DatabaseOpenException">The database can't be opened; the message says what to do.</exception>
    public static Database Open(string folder, ILogger logger, DatabaseOptions? options = null)
    {
        folder = Path.GetFullPath(folder);
        var database = new Database(folder, options ?? new(), logger);
        database.CreateFolder();
        database.OpenHandle();
        try
        {
            database.CheckFormat();
            database._commitNumber = database.ReadCommitNumber();
        }
        catch
        {
            database._database!.Close();
            throw;
        }

        database._writer.Start();
        return database;
    }

    /// <summary>The acknowledged value, or null if there is none.</summary>
    /// <exception cref="StorageUnavailableException">The value can't be read.</exception>
    public byte[]? Get(ReadOnlySpan<byte> key)
    {
        var database = Acquire();
        try
        {
            return database.Get(key);
        }
        catch (RocksDbException exception)
        {
            throw StorageUnavailableException.Reading(exception);
        }
        finally
        {
            database.Release();
        }
    }

    /// <summary>
    /// The rows with keys from <paramref name="from"/> (inclusive) to <paramref name="to"/> (exclusive). The caller disposes the scan.
    /// </summary>
    /// <exception cref="StorageUnavailableException">The rows can't be read.</exception>
    public RangeScan Scan(ReadOnlySpan<byte> from, ReadOnlySpan<byte> to)
    {
        var database = Acquire();
        try
        {
            return new RangeScan(database, from, to);
        }
        catch
        {
            database.Release();
            throw;
        }
    }

    /// <summary>
    /// Copies the database as of now to a folder that must not exist. On the same disk the copy is cheap, because it shares files by hard
    /// links.
    /// </summary>
    /// <exception cref="IOException">The copy can't be written.</exception>
    public void Checkpoint(string folder)
    {
        var database = Acquire();
        try
        {
            database.Checkpoint(Path.GetFullPath(folder));
        }
        finally
        {
            database.Release();
        }
    }

    /// <summary>Writes all submitted operations and closes the files.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            if (_closing)
            {
                return;
            }

            _closing = true;
            Monitor.PulseAll(_gate);
        }

        _writer.Join();
        _batch.Dispose();
        var database = _database;
        _database = null;
        database?.Close();
    }

    private RocksDbHandle Acquire()
    {
        if (_database is { } database && database.TryAcquire())
        {
            return database;
        }

        ObjectDisposedException.ThrowIf(_closing, this);
        throw _failure ?? new StorageUnavailableException("The data could not be read: the database is being reopened.");
    }

    private void CreateFolder()
    {
        try
        {
            PrivateFolder.Create(_folder);
        }
        catch (UnauthorizedAccessException exception)
        {
            throw DatabaseOpenException.From(_folder, new RocksDbException(exception.Message));
        }
    }

    private void OpenHandle()
    {
        try
        {
            _database = RocksDbHandle.Open(_folder, _options.RocksDb);
        }
        catch (RocksDbException exception)
        {
            throw DatabaseOpenException.From(_folder, exception);
        }
    }

    private void CheckFormat()
    {
        if (_database!.Get(KeySpace.FormatVersion) is { } row)
        {
            var version = BinaryPrimitives.ReadInt32BigEndian(row);
            if (version > FormatVersion)
            {
                throw DatabaseOpenException.NewerFormat(_folder, version, FormatVersion);
            }

            return;
        }

        using (var scan = Scan([], [0xFF]))
        {
            if (scan.MoveNext())
            {
                throw DatabaseOpenException.UnknownData(_folder);
            }
        }

        BinaryPrimitives.WriteInt32BigEndian(_batch.Put(KeySpace.FormatVersion, sizeof(int)), FormatVersion);
        _database.Write(_batch.Bytes);
    }

    private long ReadCommitNumber() => _database!.Get(KeySpace.CommitNumber) is { } row ? BinaryPrimitives.ReadInt64BigEndian(row) : 0;
}
