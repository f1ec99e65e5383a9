using System.Diagnostics;
using LocalHost.Storage.Native;
using Microsoft.Extensions.Logging;

namespace LocalHost.Storage;

/// <content>Recovery from a failed write.</content>
/// <remarks>
/// 1. All operations of the failed batch, and all later ones, fail with a <see cref="StorageUnavailableException"/>. Reads continue.
/// 2. RocksDB can't tell whether the batch reached its log; only reading the log again can. So the database is reopened as soon as a
/// probe shows that the disk can be written.
/// 3. The stored commit number then shows whether the batch was committed, and its operations update their state in memory accordingly.
/// </remarks>
internal sealed partial class Database
{
    private const int ProbeLength = 1 << 20;

    private volatile StorageUnavailableException? _failure;

    // The operations of the batch whose outcome is unknown.
    private List<(WriteOperation Operation, Exception? Error)> _inDoubt = [];
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
        bool isCommitted;
        try
        {
            ProbeDisk();
            Reopen();
            isCommitted = ReadCommitNumber() > _commitNumber;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            Log.StillSuspended(_logger, exception, _folder);
            return;
        }

        _commitNumber += isCommitted ? 1 : 0;
        foreach (var (operation, error) in _inDoubt)
        {
            NotifyOutcome(operation, isCommitted ? error : error ?? _failure);
        }

        _inDoubt = [];
        _failure = null;
        Log.Recovered(_logger, _folder);
    }

    private void Reopen()
    {
        // Opening would create an empty database while the acknowledged data is elsewhere, as on a volume that is no longer mounted.
        if (!File.Exists(Path.Combine(_folder, "CURRENT")))
        {
            throw new DirectoryNotFoundException($"The database in {_folder} has disappeared.");
        }

        var database = _database;
        _database = null;
        database?.Close();
        OpenHandle();
    }

    /// <summary>Throws if the disk can't be written.</summary>
    private void ProbeDisk()
    {
        // Opening the database writes what is in its log to a table file.
        var required = _options.MinFreeBytesToReopen + new DirectoryInfo(_folder).EnumerateFiles("*.log").Sum(log => log.Length);
        if (FreeBytes < required)
        {
            throw new IOException($"{FreeBytes} bytes are free; reopening the database requires {required}.");
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
            LogLevel.Critical,
            "Writing to the database in {Folder} failed. It rejects writes until the disk can be written again."
        )]
        public static partial void Suspended(ILogger logger, Exception exception, string folder);

        [LoggerMessage(LogLevel.Debug, "Could not reopen the database in {Folder} yet.")]
        public static partial void StillSuspended(ILogger logger, Exception exception, string folder);

        [LoggerMessage(LogLevel.Warning, "Recovered the database in {Folder}; it accepts writes again.")]
        public static partial void Recovered(ILogger logger, string folder);

        [LoggerMessage(LogLevel.Critical, "Updating memory after a write failed (operation {Operation}).")]
        public static partial void OperationFaulted(ILogger logger, Exception exception, string operation);
    }
}
