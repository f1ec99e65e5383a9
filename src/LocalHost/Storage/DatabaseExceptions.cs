using LocalHost.Storage.Native;

namespace LocalHost.Storage;

/// <summary>The database can't be opened, for a reason that the person who starts the app can change. The message says how.</summary>
internal sealed class DatabaseOpenException(string message, Exception? cause = null) : IOException(message, cause)
{
    public static DatabaseOpenException From(string folder, RocksDbException exception) => new(Explain(folder, exception), exception);

    public static DatabaseOpenException Newer(string folder, int version, int known) =>
        new(
            $"The data in {folder} has format {version}, written by a newer version of this app, which knows formats up to {known}. Start the newer version, or choose another folder with --data."
        );

    public static DatabaseOpenException NotOurs(string folder) =>
        new($"The database in {folder} holds data of something else. Choose another folder with --data.");

    public static DatabaseOpenException OfVersion01(string folder) =>
        new(
            $"The data folder {folder} is of version 0.1, whose data this version can't read. Let version 0.1 deliver what is waiting and delete the folder, or choose another one with --data."
        );

    private static string Explain(string folder, RocksDbException exception)
    {
        if (exception.IsCorruption)
        {
            return $"The database in {folder} is damaged: {exception.Message}. Restore the data folder from a backup, or choose another one with --data.";
        }

        return exception.Message.Contains("lock", StringComparison.OrdinalIgnoreCase)
            ? $"The database in {folder} is in use by another process. Stop that one, or choose another folder with --data."
            : $"The database in {folder} can't be opened: {exception.Message}. Check that this user may write there and that the disk has space, or choose another folder with --data.";
    }
}

/// <summary>
/// The database can't be read or written for a while: the disk is full or fails. It recovers by itself, so the operation can be repeated.
/// </summary>
/// <remarks>
/// A write that fails with this is not known to be undone: it may turn out to be stored as a whole, but never in part, and if it is, that
/// becomes visible before any later write is accepted. So it must be safe to repeat: a message may be sent twice, a message that was
/// settled may be delivered again, a conditional write may find itself done.
/// </remarks>
internal sealed class StorageUnavailableException(string message, Exception? cause = null) : IOException(message, cause)
{
    public static StorageUnavailableException Writing(Exception cause) => new($"The data could not be stored: {cause.Message}", cause);

    public static StorageUnavailableException Reading(Exception cause) => new($"The data could not be read: {cause.Message}", cause);
}
