using Azure.Data.Tables;
using EventSubscriptions.Replays;
using EventSubscriptions.Storage;
using Microsoft.Extensions.Logging;

namespace EventSubscriptions.Retention;

/// <summary>
/// Deletes what is older than its retention, and ends the replays that stand still, so that they can be deleted too. It keeps no state: a run
/// that was interrupted leaves the rest to the next. It looks through whole tables, which nothing else does.
/// </summary>
public sealed partial class RetentionPurge(
    TableServiceClient tables, ReplayRunner replays, RetentionOptions options, TimeProvider time, ILogger<RetentionPurge> logger)
{
    /// <summary>The first key behind those that begin with a time.</summary>
    private const string BehindDigits = ":";

    /// <summary>Deletes from one table after the other, and logs how much. Trouble with one table does not keep the others from their turn. Cancelling ends it soon and without an exception.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        await EndStalledReplaysAsync(cancellationToken);
        await RemoveAsync(TableNames.AuditLog, now - options.AuditLog, [LogRows], cancellationToken);
        await RemoveAsync(TableNames.DeliveryLog, now - options.DeliveryLog, [Attempts, AttemptsByEvent, FormerAttempts], cancellationToken);
        await RemoveAsync(TableNames.Replays, now - options.DeliveryLog, [EndedReplays], cancellationToken);
        await RemoveAsync(TableNames.EventArchive, now - options.EventArchive, [Pointers, Payloads], cancellationToken);
    }

    private static string LogRows(DateTimeOffset before) =>
        TableClient.CreateQueryFilter($"RowKey ge {Oldest(before)} and RowKey lt {BehindDigits}");

    private static string Attempts(DateTimeOffset before) => Pointers(before);

    private static string AttemptsByEvent(DateTimeOffset before) =>
        TableClient.CreateQueryFilter($"RowKey ge {"e:"} and RowKey lt {"e;"} and Timestamp lt {before}")
        + " or " + TableClient.CreateQueryFilter($"RowKey ge {"w:"} and RowKey lt {"w;"} and Timestamp lt {before}");

    // Of version 0.2 and before, which nobody reads.
    private static string FormerAttempts(DateTimeOffset before) => TableClient.CreateQueryFilter($"RowKey lt {BehindDigits}");

    private static string EndedReplays(DateTimeOffset before) => TableClient.CreateQueryFilter($"endedAt lt {before}");

    private static string Pointers(DateTimeOffset before) =>
        TableClient.CreateQueryFilter($"RowKey ge {"t:" + Oldest(before)} and RowKey lt {"t;"}");

    // By the time of archiving and not by the pointer's, which is the time of the event: one that was archived late, or again after it had
    // been purged, is kept as long as any other. A pointer is never younger than its payload, so that none is left without.
    private static string Payloads(DateTimeOffset before) =>
        TableClient.CreateQueryFilter($"RowKey ge {"e:"} and RowKey lt {"e;"} and Timestamp lt {before}");

    private static string Oldest(DateTimeOffset before) => InvertedTicks.KeyRange(from: null, before).AtLeast!;

    private async Task EndStalledReplaysAsync(CancellationToken cancellationToken)
    {
        try
        {
            await replays.FailStalledAsync(cancellationToken);
        }
        catch (Exception exception) when (cancellationToken.IsCancellationRequested || OwnTrouble.Is(exception))
        {
            if (!cancellationToken.IsCancellationRequested)
            {
                Log.ReplaysNotEnded(logger, exception);
            }
        }
    }

    private async Task RemoveAsync(string name, DateTimeOffset before, Func<DateTimeOffset, string>[] filters, CancellationToken cancellationToken)
    {
        var removed = 0L;
        try
        {
            foreach (var filter in filters)
            {
                await tables.GetTableClient(name).RemoveAsync(filter(before), count => removed += count, cancellationToken);
            }

            Log.Removed(logger, removed, name, before);
        }
        catch (Exception exception) when (cancellationToken.IsCancellationRequested || OwnTrouble.Is(exception))
        {
            if (cancellationToken.IsCancellationRequested)
            {
                Log.Stopped(logger, removed, name, before);
            }
            else
            {
                Log.Failed(logger, exception, removed, name, before);
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Error, "Replays that stand still could not be ended; the next run tries again.")]
        public static partial void ReplaysNotEnded(ILogger logger, Exception exception);

        [LoggerMessage(LogLevel.Information, "Removed {Count} rows from before {Before:u} from the table {Table}.")]
        public static partial void Removed(ILogger logger, long count, string table, DateTimeOffset before);

        [LoggerMessage(LogLevel.Information, "Removed {Count} rows from before {Before:u} from the table {Table}, and stopped; the next run goes on.")]
        public static partial void Stopped(ILogger logger, long count, string table, DateTimeOffset before);

        [LoggerMessage(LogLevel.Error, "Removed {Count} rows from before {Before:u} from the table {Table}, and failed; the next run goes on.")]
        public static partial void Failed(ILogger logger, Exception exception, long count, string table, DateTimeOffset before);
    }
}
