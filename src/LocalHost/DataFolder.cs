using EventSubscriptions.Secrets;
using LocalHost.Hosting;
using LocalHost.Messaging;
using LocalHost.Storage;
using LocalHost.Tables;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace LocalHost;

/// <summary>The folder with the state of the broker, the tables and the timers, opened by one process at a time.</summary>
internal sealed class DataFolder : IDisposable
{
    private readonly FileStream _lock;

    private DataFolder(string path, FileStream @lock, TimeProvider time, ILoggerFactory loggers, IReadOnlyList<SecretKey> keys)
    {
        Path = path;
        _lock = @lock;
        Database = Database.Open(DatabaseFolder(path), loggers.CreateLogger<Database>());
        try
        {
            Tables = new TableStore(Database, time);
            Broker = new Broker(
                Database,
                QueueDefinition.Load(QueueDefinition.DefaultFile),
                new MessageCipher(keys),
                time,
                loggers.CreateLogger<Broker>()
            );
            Broker.Start();
        }
        catch
        {
            Broker?.Dispose();
            Database.Dispose();
            throw;
        }
    }

    public string Path { get; }

    public Database Database { get; }

    public Broker Broker { get; }

    public TableStore Tables { get; }

    /// <param name="keys">Gives the keys that message bodies are encrypted with, once nobody else can open the folder. If it is null, they
    /// are not protected.</param>
    /// <exception cref="DataFolderUnusableException">It is open already, or this user can't write there.</exception>
    /// <exception cref="DatabaseOpenException">What is in it can't be opened.</exception>
    public static DataFolder Open(
        string path,
        TimeProvider time,
        ILoggerFactory? loggers = null,
        Func<string, IReadOnlyList<SecretKey>>? keys = null
    )
    {
        path = System.IO.Path.TrimEndingDirectorySeparator(System.IO.Path.GetFullPath(path));
        var @lock = Lock(path);
        try
        {
            if (!HasData(path) && Directory.Exists(System.IO.Path.Combine(path, "journal")))
            {
                throw DatabaseOpenException.OfVersion01(path);
            }

            return new DataFolder(path, @lock, time, loggers ?? NullLoggerFactory.Instance, keys?.Invoke(path) ?? []);
        }
        catch
        {
            @lock.Dispose();
            throw;
        }
    }

    /// <summary>Whether the folder holds data already.</summary>
    public static bool HasData(string path) => Directory.Exists(DatabaseFolder(path));

    /// <summary>Copies the state, as it is at one moment, to a folder that must not exist yet.</summary>
    /// <exception cref="IOException">The folder exists, or can't be written.</exception>
    public void Backup(string target)
    {
        if (System.IO.Path.Exists(target))
        {
            throw new IOException($"{target} exists already. A backup goes to a new folder.");
        }

        CreateDirectory(target);
        Database.Checkpoint(DatabaseFolder(target));
        var secrets = System.IO.Path.Combine(Path, LocalSettings.FileName);
        if (File.Exists(secrets))
        {
            // A copy keeps the permissions of the original.
            File.Copy(secrets, System.IO.Path.Combine(target, LocalSettings.FileName));
        }
    }

    public void Dispose()
    {
        Broker.Dispose();
        Database.Dispose();
        _lock.Dispose();
    }

    private static string DatabaseFolder(string path) => System.IO.Path.Combine(path, "db");

    /// <summary>Creates a folder that only its owner can read.</summary>
    private static void CreateDirectory(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(path);
        }
        else
        {
            Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }

    private static FileStream Lock(string path)
    {
        try
        {
            CreateDirectory(path);
            return new FileStream(System.IO.Path.Combine(path, "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new DataFolderUnusableException(path, exception);
        }
    }
}

/// <summary>The data folder is open already, or this user can't write there.</summary>
internal sealed class DataFolderUnusableException(string path, Exception cause)
    : IOException(
        $"The data folder {path} can't be used: {cause.Message} Stop what uses it, let this user write there, or choose another folder with --data.",
        cause
    );
