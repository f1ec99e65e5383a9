namespace LocalHost.Storage;

/// <summary>
/// The database can't be read or written for a while, because the disk is full or failing. It recovers by itself; retry the operation.
/// </summary>
/// <remarks>
/// The outcome of a write that fails with this exception is unknown: it may turn out to be stored, always as a whole, and if so it becomes
/// visible before any later write is accepted. Writes must therefore be safe to retry: a message may be sent twice, a settled message may
/// be redelivered, a conditional update may find that it was already applied.
/// </remarks>
internal sealed class StorageUnavailableException(string message, Exception? cause = null) : IOException(message, cause)
{
    public static StorageUnavailableException Writing(Exception cause) => new($"The data could not be stored: {cause.Message}", cause);

    public static StorageUnavailableException Reading(Exception cause) => new($"The data could not be read: {cause.Message}", cause);
}
