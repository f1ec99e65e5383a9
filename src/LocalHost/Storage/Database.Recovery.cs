using System.Diagnostics;
using LocalHost.Storage.Native;
using Microsoft.Extensions.Logging;

namespace LocalHost.Storage;

/// <content>What happens after a failed write.</content>
/// <remarks>
/// 1. Everybody who waits for the batch gets a <see cref="StorageUnavailableException"/>, and so do all writes that follow. Reading goes
/// on.
/// 2. Whether the batch reached the log, as a whole or not at all, is not known until the log is read again, and a later start would read
/// it. So the    database is reopened, as soon as a trial shows that the disk can be written.
/// 3. The number of the last commit then tells what became of the batch, and its operations change the memory accordingly.
/// </remarks>
internal sealed partial class Database
{
    private const int ProbeLength = 1 << 20;

    private volatile StorageUnavailableException? _failure;

    // The batch whose outcome isn't known.
    private List<(WriteOperation Operation, Exception? Refusal)> _inDoubt = [];
    private long _lastAttempt;

    private void Suspend(RocksDbException exception)
    {
        var failure = StorageUnavailableException.Writing(exception);
        _failure = failure;
        _lastAttempt = Stopwatch.GetTimestamp();
        (_inDoubt, _applied) = (_applied, []);
        Log.Suspended(_logger, failure, _folder);
        foreach (var (operation, _) in _inDoubt)
        {
            operation.Fail(failure);
        }
    }

    private void TryRecover()
    {
        if (Stopwatch.GetElapsedTime(_lastAttempt) < _options.RetryInterval)
        {
            return;
        }

        _lastAttempt = Stopwatch.GetTimestamp();
        bool isStored;
        try
        {
            ProbeDisk();
            Reopen();
            isStored = ReadCommitNumber() > _commitNumber;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            Log.StillSuspended(_logger, exception, _folder);
            return;
        }

        _commitNumber += isStored ? 1 : 0;
        foreach (var (operation, refusal) in _inDoubt)
        {
            Settle(operation, isStored ? refusal : refusal ?? _failure);
        }

        _inDoubt = [];
        _failure = null;
        Log.Recovered(_logger, _folder);
    }

    private void Reopen()
    {
        // Opening would make a new, empty database, while what was acknowledged lies elsewhere: in a volume that is no longer mounted,
        // perhaps.
        if (!File.Exists(Path.Combine(_folder, "CURRENT")))
        {
            throw new DirectoryNotFoundException($"The database in {_folder} is gone.");
        }

        var database = _database;
        _database = null;
        database?.Close();
        OpenHandle();
    }

    /// <summary>Throws if the disk can't be written.</summary>
    private void ProbeDisk()
    {
        if (FreeBytes < _options.RoomToReopen)
        {
            throw new IOException($"Only {FreeBytes} bytes are free.");
        }

        var path = _folder + ".probe";
        try
        {
            using var file = File.OpenHandle(path, FileMode.Create, FileAccess.Write);
            RandomAccess.Write(file, new byte[ProbeLength], 0);
            RandomAccess.FlushToDisk(file);
        }
        finally
        {
            File.Delete(path);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(
            1,
            LogLevel.Critical,
            "The database in {Folder} could not be written. It accepts nothing until the disk can be written again."
        )]
        public static partial void Suspended(ILogger logger, Exception exception, string folder);

        [LoggerMessage(2, LogLevel.Debug, "The database in {Folder} can't be reopened yet.")]
        public static partial void StillSuspended(ILogger logger, Exception exception, string folder);

        [LoggerMessage(3, LogLevel.Warning, "The database in {Folder} can be written again.")]
        public static partial void Recovered(ILogger logger, string folder);

        [LoggerMessage(4, LogLevel.Critical, "An operation of type {Operation} failed after its data was written.")]
        public static partial void OperationFaulted(ILogger logger, Exception exception, string operation);
    }
}
