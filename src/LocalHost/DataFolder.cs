using LocalHost.Journaling;
using LocalHost.Messaging;
using LocalHost.Storage;
using LocalHost.Tables;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace LocalHost;

/// <summary>
/// The folder that holds the state of the embedded broker and tables, opened by one process at a time. Within the process everybody who opens
/// a path shares it, until the last one disposes of it.
/// </summary>
internal sealed class DataFolder : IDisposable
{
    private static readonly Dictionary<string, DataFolder> Opened = new(StringComparer.Ordinal);

    private readonly FileStream _lock;
    private int _users;

    private DataFolder(string path, FileStream @lock, TimeProvider time, ILoggerFactory? loggers, JournalOptions? options)
    {
        Path = path;
        _lock = @lock;
        Database = Database.Open(DatabaseFolder(path), loggers?.CreateLogger<Database>() ?? (ILogger)NullLogger.Instance);
        Journal = new Journal(JournalFolder(path), options ?? new(), loggers?.CreateLogger<Journal>() ?? (ILogger)NullLogger.Instance);
        Tables = new TableStore(Database, time);
        Broker = new Broker(Journal, QueueDefinition.Load(QueueDefinition.DefaultFile), time, loggers?.CreateLogger<Broker>() ?? (ILogger)NullLogger.Instance);
        try
        {
            Journal.Open([Broker], Broker.OnFlushed);
            Broker.Start();
        }
        catch
        {
            Close();
            throw;
        }
    }

    public string Path { get; }

    public Database Database { get; }

    public Journal Journal { get; }

    public Broker Broker { get; }

    public TableStore Tables { get; }

    /// <summary>Opens the folder, or shares it where this process has it open already (then the other arguments have no effect).</summary>
    /// <exception cref="DataFolderInUseException">Another process has it open.</exception>
    /// <exception cref="DatabaseOpenException">What is in it can't be opened.</exception>
    public static DataFolder Open(string path, TimeProvider time, ILoggerFactory? loggers = null, JournalOptions? options = null)
    {
        path = Normalize(path);
        lock (Opened)
        {
            if (!Opened.TryGetValue(path, out var folder))
            {
                folder = OpenLocked(path, time, loggers, options);
                Opened.Add(path, folder);
            }
            folder._users++;
            return folder;
        }
    }

    /// <summary>The folder that this process has open; for clients, which don't keep it open.</summary>
    /// <exception cref="InvalidOperationException">Nobody in this process has opened it.</exception>
    public static DataFolder Find(string path)
    {
        lock (Opened)
        {
            return Opened.TryGetValue(Normalize(path), out var folder)
                ? folder
                : throw new InvalidOperationException($"The data folder {path} is not open in this process.");
        }
    }

    public void Dispose()
    {
        lock (Opened)
        {
            if (_users == 0 || --_users > 0)
                return;
            Opened.Remove(Path);
            Close();
            _lock.Dispose();
        }
    }

    private void Close()
    {
        Broker.Dispose();
        Journal.Dispose();
        Database.Dispose();
    }

    private static string Normalize(string path) => System.IO.Path.TrimEndingDirectorySeparator(System.IO.Path.GetFullPath(path));

    private static DataFolder OpenLocked(string path, TimeProvider time, ILoggerFactory? loggers, JournalOptions? options)
    {
        CreateDirectory(path);
        var @lock = Lock(path);
        try
        {
            if (Directory.Exists(JournalFolder(path)) && !Directory.Exists(DatabaseFolder(path)))
                throw DatabaseOpenException.OfVersion01(path);
            return new DataFolder(path, @lock, time, loggers, options);
        }
        catch
        {
            @lock.Dispose();
            throw;
        }
    }

    private static string DatabaseFolder(string path) => System.IO.Path.Combine(path, "db");

    private static string JournalFolder(string path) => System.IO.Path.Combine(path, "journal");

    // What is in there concerns nobody else on the machine.
    private static void CreateDirectory(string path)
    {
        if (OperatingSystem.IsWindows())
            Directory.CreateDirectory(path);
        else
            Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    private static FileStream Lock(string path)
    {
        try
        {
            return new FileStream(System.IO.Path.Combine(path, "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException exception)
        {
            throw new DataFolderInUseException(path, exception);
        }
    }
}

/// <summary>Another process has the data folder open.</summary>
internal sealed class DataFolderInUseException(string path, Exception cause)
    : IOException($"The data folder {path} is in use by another process. Stop that one, or choose another folder with --data.", cause);
