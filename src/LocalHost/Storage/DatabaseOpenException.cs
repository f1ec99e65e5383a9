using LocalHost.Storage.Native;

namespace LocalHost.Storage;

/// <summary>The database can't be opened, for a reason that the person who starts the app can fix. The message says how.</summary>
internal sealed class DatabaseOpenException(string message, Exception? cause = null) : IOException(message, cause)
{
    public static DatabaseOpenException From(string folder, RocksDbException exception) => new(Explain(folder, exception), exception);

    public static DatabaseOpenException NewerFormat(string folder, int version, int known) =>
        new(
            $"The data in {folder} has format {version}, but this version of the app knows formats up to {known} only. Start the newer version that wrote it, or choose another folder with --data."
        );

    public static DatabaseOpenException UnknownData(string folder) =>
        new($"The database in {folder} belongs to another application. Choose another folder with --data.");

    public static DatabaseOpenException Version01(string folder) =>
        new(
            $"The data folder {folder} was written by version 0.1, and this version can't read it. Let version 0.1 deliver the remaining messages and delete the folder, or choose another one with --data."
        );

    private static string Explain(string folder, RocksDbException exception)
    {
        if (exception.IsCorruption)
        {
            return $"The database in {folder} is damaged: {exception.Message}. Restore the data folder from a backup, or choose another one with --data.";
        }

        return exception.Message.Contains("lock", StringComparison.OrdinalIgnoreCase)
            ? $"The database in {folder} is in use by another process. Stop that process, or choose another folder with --data."
            : $"The database in {folder} can't be opened: {exception.Message}. Check that this user may write there and that the disk has free space, or choose another folder with --data.";
    }
}
