using System.Buffers.Binary;
using LocalHost.Storage.Native;
using Microsoft.Extensions.Logging;

namespace LocalHost.Storage;

/// <summary>
/// The one RocksDB database of a data folder. Operations are written by one thread, as many as wait as one batch with one sync; an
/// operation is acknowledged when its batch is safely on disk. Reading is for any thread and sees what has been acknowledged.
/// </summary>
internal sealed partial class Database : IDisposable
{
    /// <summary>The format of everything in the database.</summary>
    public const int FormatVersion = 1;

    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private readonly string _folder;
    private readonly DatabaseOptions _options;
    private readonly ILogger _logger;

    // Replaced by the writer alone. Null while the database can't be opened again after a failure.
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

    /// <summary>Why the database can't be written at the moment; null if it can.</summary>
    public StorageUnavailableException? LastError => _failure;

    /// <summary>How many bytes of the disk are free for this user.</summary>
    public long FreeBytes => new DriveInfo(OperatingSystem.IsWindows() ? Path.GetPathRoot(_folder)! : _folder).AvailableFreeSpace;

    /// <summary>Opens the database in this folder, or makes it.</summary>
    /// <exception cref="DatabaseOpenException">It can't be opened; the message says what to do.</exception>
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

    /// <summary>The acknowledged value; null if there is none.</summary>
    /// <exception cref="StorageUnavailableException">It can't be read.</exception>
    public byte[]? Get(ReadOnlySpan<byte> key)
    {
        var database = Enter();
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
            database.Leave();
        }
    }

    /// <summary>
    /// The rows from <paramref name="from"/> on whose keys are less than <paramref name="to"/>. To be disposed of by the caller.
    /// </summary>
    /// <exception cref="StorageUnavailableException">They can't be read.</exception>
    public RangeScan Scan(ReadOnlySpan<byte> from, ReadOnlySpan<byte> to)
    {
        var database = Enter();
        try
        {
            return new RangeScan(database, from, to);
        }
        catch
        {
            database.Leave();
            throw;
        }
    }

    /// <summary>
    /// Copies the database, as it is at one moment, to a folder that must not exist yet. The copy is a database of its own. On the same
    /// disk it shares the files and costs little.
    /// </summary>
    /// <exception cref="IOException">It can't be written there.</exception>
    public void Checkpoint(string folder)
    {
        var database = Enter();
        try
        {
            database.Checkpoint(Path.GetFullPath(folder));
        }
        finally
        {
            database.Leave();
        }
    }

    /// <summary>Writes what was submitted and closes the files.</summary>
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

    private RocksDbHandle Enter()
    {
        if (_database is { } database && database.TryEnter())
        {
            return database;
        }

        ObjectDisposedException.ThrowIf(_closing, this);
        throw _failure ?? new StorageUnavailableException("The data could not be read: the database is being reopened.");
    }

    // What is in there concerns nobody else on the machine.
    private void CreateFolder()
    {
        try
        {
            if (OperatingSystem.IsWindows())
            {
                Directory.CreateDirectory(_folder);
            }
            else
            {
                Directory.CreateDirectory(_folder, OwnerOnly);
            }
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
                throw DatabaseOpenException.Newer(_folder, version, FormatVersion);
            }

            // Older formats are migrated here, once there are any.
            return;
        }

        using (var scan = Scan([], [0xFF]))
        {
            if (scan.MoveNext())
            {
                throw DatabaseOpenException.NotOurs(_folder);
            }
        }

        BinaryPrimitives.WriteInt32BigEndian(_batch.Put(KeySpace.FormatVersion, sizeof(int)), FormatVersion);
        _database.Write(_batch.Bytes);
    }

    private long ReadCommitNumber() => _database!.Get(KeySpace.CommitNumber) is { } row ? BinaryPrimitives.ReadInt64BigEndian(row) : 0;
}
