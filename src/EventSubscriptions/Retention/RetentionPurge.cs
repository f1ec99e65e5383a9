using Azure.Data.Tables;
using EventSubscriptions.Deliveries.Log;
using EventSubscriptions.Replays;
using EventSubscriptions.Storage;
using Microsoft.Extensions.Logging;

namespace EventSubscriptions.Retention;

/// <summary>
/// Deletes what is older than its retention, and ends stalled replays, so that they can be deleted too. The tables take turns, one step
/// each, so that none waits for a large one. A run ends before the host's time limit, and the next continues where it stopped.
/// </summary>
public sealed partial class RetentionPurge(
    TableServiceClient tables,
    ReplayLifecycle replays,
    RetentionOptions options,
    TimeProvider time,
    ILogger<RetentionPurge> logger
)
{
    /// <summary>The first key after those that start with a time.</summary>
    private const string BehindDigits = ":";

    private const string PointerPrefix = "t:";

    private static readonly TimeSpan s_statistics = TimeSpan.FromDays(400);

    /// <summary>The time limit of a run, plus or minus one step: well below <c>functionTimeout</c> in <c>host.json</c>.</summary>
    internal TimeSpan Limit { get; init; } = TimeSpan.FromMinutes(20);

    /// <summary>How many expired rows a step deletes, and how many partitions it reads.</summary>
    internal int Step { get; init; } = 1_000;

    /// <summary>
    /// Deletes, and logs how much. A failure with one table does not affect the others. Cancellation ends it soon and without an exception.
    /// </summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var start = time.GetTimestamp();
        await EndStalledReplaysAsync(cancellationToken);
        var open = Purges(time.GetUtcNow());
        while (open.Count > 0 && time.GetElapsedTime(start) < Limit && !cancellationToken.IsCancellationRequested)
        {
            foreach (var purge in open.ToList())
            {
                if (await StepAsync(purge, cancellationToken))
                {
                    open.Remove(purge);
                }
            }
        }

        open.ForEach(purge => Log.Stopped(logger, purge.Removed, purge.Name, purge.Before));
    }

    internal static TablePurge OfDeliveryLog(TableServiceClient tables, DateTimeOffset before) =>
        new(
            tables,
            TableNames.DeliveryLog,
            before,
            new ExpiredByKey(
                key => key.StartsWith(DeliveryLogRow.AttemptPrefix, StringComparison.Ordinal) ? DeliveryLogRow.OutcomeKey(key) : null,
                // Written by version 0.1; nothing reads them.
                new KeySpan(null, BehindDigits),
                new KeySpan(DeliveryLogRow.AttemptPrefix + Oldest(before), "t;"),
                // The deliveries of a deleted subscription wait for ever.
                new KeySpan(DeliveryLogRow.WaitPrefix, "w;", before)
            )
        );

    private List<TablePurge> Purges(DateTimeOffset now)
    {
        var (audit, deliveries, archive) = (now - options.AuditLog, now - options.DeliveryLog, now - options.EventArchive);
        return
        [
            new(tables, TableNames.AuditLog, audit, new ExpiredByKey(_ => null, new KeySpan(Oldest(audit), BehindDigits))),
            OfDeliveryLog(tables, deliveries),
            new(tables, TableNames.Replays, deliveries, new ExpiredByKey(_ => null, new KeySpan(null, null, deliveries))),
            // An event was archived when its pointer was written, which may be long after the time in the pointer's key. Both are deleted
            // together, so that neither is orphaned.
            new(
                tables,
                TableNames.EventArchive,
                archive,
                new ExpiredByKey(
                    key => $"e:{key[(PointerPrefix.Length + InvertedTicks.Length + 1)..]}",
                    new KeySpan(PointerPrefix + Oldest(archive), "t;", archive)
                )
            ),
            new(
                tables,
                TableNames.Statistics,
                now - s_statistics,
                new ExpiredByKey(_ => null, new KeySpan(null, null, now - s_statistics))
            ),
            new(tables, TableNames.Subscriptions, now, new AbandonedState(audit)),
        ];
    }

    private static string Oldest(DateTimeOffset before) => InvertedTicks.KeyRange(from: null, before).AtLeast!;

    private async Task EndStalledReplaysAsync(CancellationToken cancellationToken)
    {
        try
        {
            await replays.FailStalledAsync(cancellationToken);
        }
        catch (Exception exception) when (cancellationToken.IsCancellationRequested || TransientFaults.IsTransient(exception))
        {
            if (!cancellationToken.IsCancellationRequested)
            {
                Log.ReplaysNotEnded(logger, exception);
            }
        }
    }

    /// <summary>Returns whether the table is done.</summary>
    private async Task<bool> StepAsync(TablePurge purge, CancellationToken cancellationToken)
    {
        try
        {
            if (!await purge.StepAsync(Step, cancellationToken))
            {
                return false;
            }

            Log.Removed(logger, purge.Removed, purge.Name, purge.Before);
        }
        catch (Exception) when (cancellationToken.IsCancellationRequested)
        {
            return false;
        }
        catch (Exception exception) when (TransientFaults.IsTransient(exception))
        {
            Log.Failed(logger, exception, purge.Removed, purge.Name, purge.Before);
        }

        return true;
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Error, "Could not end stalled replays; the next run retries.")]
        public static partial void ReplaysNotEnded(ILogger logger, Exception exception);

        [LoggerMessage(LogLevel.Information, "Removed {Count} rows from before {Before:u} from the table {Table}.")]
        public static partial void Removed(ILogger logger, long count, string table, DateTimeOffset before);

        [LoggerMessage(
            LogLevel.Warning,
            "Removed {Count} rows from before {Before:u} from the table {Table}, and stopped at the time limit; the next run continues there."
        )]
        public static partial void Stopped(ILogger logger, long count, string table, DateTimeOffset before);

        [LoggerMessage(
            LogLevel.Error,
            "Removed {Count} rows from before {Before:u} from the table {Table}, and failed; the next run continues."
        )]
        public static partial void Failed(ILogger logger, Exception exception, long count, string table, DateTimeOffset before);
    }
}
