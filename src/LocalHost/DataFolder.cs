using EventSubscriptions.Secrets;
using LocalHost.Hosting;
using LocalHost.Messaging;
using LocalHost.Storage;
using LocalHost.Tables;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace LocalHost;

/// <summary>The folder that holds all state: queues, tables and timers. One process at a time can open it.</summary>
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

    /// <param name="path">The folder, which is created if it doesn't exist.</param>
    /// <param name="time">The clock.</param>
    /// <param name="loggers">Null to log nothing.</param>
    /// <param name="keys">Returns the keys that encrypt message bodies; called when the folder is locked. Null for no protection.</param>
    /// <exception cref="DataFolderException">The folder is in use, or this user can't write to it.</exception>
    /// <exception cref="DatabaseOpenException">The database in it can't be opened.</exception>
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
                throw DatabaseOpenException.Version01(path);
            }

            return new DataFolder(path, @lock, time, loggers ?? NullLoggerFactory.Instance, keys?.Invoke(path) ?? []);
        }
        catch
        {
            @lock.Dispose();
            throw;
        }
    }

    /// <summary>Whether the folder holds data.</summary>
    public static bool HasData(string path) => Directory.Exists(DatabaseFolder(path));

    /// <summary>Copies the state as of now to a folder that must not exist.</summary>
    /// <exception cref="IOException">The target exists, or can't be written.</exception>
    public void Backup(string target)
    {
        if (System.IO.Path.Exists(target))
        {
            throw new IOException($"{target} already exists. Choose a new folder for the backup.");
        }

        PrivateFolder.Create(target);
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

    private static FileStream Lock(string path)
    {
        try
        {
            PrivateFolder.Create(path);
            return new FileStream(System.IO.Path.Combine(path, "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new DataFolderException(path, exception);
        }
    }
}
