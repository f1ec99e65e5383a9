using Azure;
using Azure.Data.Tables;
using EventSubscriptions.Storage;
using Microsoft.Extensions.Logging;

namespace EventSubscriptions.Deliveries.Statistics;

/// <summary>Merges the rows that several instances of the app wrote for an hour into one, so that reading long spans stays cheap.</summary>
/// <remarks>
/// An hour is merged once no instance can write it any more (<see cref="DeliveryStatistics.MaxAge"/>). Rows are merged and deleted in one
/// transaction, so that nothing is counted twice, whenever the process dies.
/// </remarks>
public sealed partial class StatisticsMerge(TableServiceClient tables, TimeProvider time, ILogger<StatisticsMerge> logger)
{
    /// <summary>Older hours were merged by earlier runs, or are left as they are.</summary>
    private static readonly TimeSpan s_oldest = TimeSpan.FromDays(7);

    /// <summary>An hour is merged when it is this old.</summary>
    private static readonly TimeSpan s_newest = 2 * DeliveryStatistics.MaxAge;

    /// <summary>The time limit of a run. With that of the purge before it, it is well below <c>functionTimeout</c>.</summary>
    internal static readonly TimeSpan Limit = TimeSpan.FromMinutes(3);

    private readonly TableClient _table = tables.GetTableClient(TableNames.Statistics);

    /// <summary>Merges what is due. A fault ends the run, and the next one does the rest.</summary>
    public async Task RunAsync(CancellationToken stoppingToken)
    {
        using var limit = new CancellationTokenSource(Limit, time);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, stoppingToken);
        var cancellationToken = linked.Token;
        var merged = 0;
        try
        {
            List<TableEntity> rows = [];
            await foreach (var row in ReadAsync(cancellationToken))
            {
                if (rows.Count > 0 && !StatisticsStore.IsSameHour(rows[0], row))
                {
                    merged += await MergeAsync(rows, cancellationToken);
                    rows.Clear();
                }

                rows.Add(row);
                if (rows.Count == TableRow.MaxTransaction)
                {
                    merged += await MergeAsync(rows, cancellationToken);
                    rows.RemoveRange(1, rows.Count - 1);
                }
            }

            merged += await MergeAsync(rows, cancellationToken);
            Log.Merged(logger, merged);
        }
        catch (Exception exception) when (cancellationToken.IsCancellationRequested || TransientFaults.IsTransient(exception))
        {
            if (!cancellationToken.IsCancellationRequested)
            {
                Log.NotMerged(logger, exception, merged);
            }
        }
    }

    /// <summary>The rows of the hours that are due, ordered by organization, subscription and hour.</summary>
    private AsyncPageable<TableEntity> ReadAsync(CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var filter = TableClient.CreateQueryFilter($"Timestamp ge {now - s_oldest} and Timestamp lt {now - s_newest}");
        return _table.QueryAsync<TableEntity>(filter, cancellationToken: cancellationToken);
    }

    /// <summary>Adds all rows to the first one and deletes the others. Returns how many were deleted.</summary>
    private async Task<int> MergeAsync(List<TableEntity> rows, CancellationToken cancellationToken)
    {
        if (rows.Count < 2)
        {
            return 0;
        }

        var counts = new AttemptCounts();
        rows.ForEach(row => counts.Add(StatisticsStore.Read(row)));
        StatisticsStore.Write(rows[0], counts);
        List<TableTransactionAction> actions = [new(TableTransactionActionType.UpdateReplace, rows[0], rows[0].ETag)];
        actions.AddRange(rows.Skip(1).Select(row => new TableTransactionAction(TableTransactionActionType.Delete, row, row.ETag)));
        var response = await _table.SubmitTransactionAsync(actions, cancellationToken);
        rows[0].ETag = response.Value[0].Headers.ETag ?? default;
        return rows.Count - 1;
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Information, "Merged {Count} rows of statistics into others.")]
        public static partial void Merged(ILogger logger, int count);

        [LoggerMessage(LogLevel.Error, "Merged {Count} rows of statistics into others, and failed; the next run does the rest.")]
        public static partial void NotMerged(ILogger logger, Exception exception, int count);
    }
}
