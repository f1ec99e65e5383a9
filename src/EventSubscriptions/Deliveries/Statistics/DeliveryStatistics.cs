using System.Collections.Concurrent;
using Azure.Data.Tables;
using EventSubscriptions.Deliveries.Outcome;
using EventSubscriptions.Organizations;
using EventSubscriptions.Storage;
using EventSubscriptions.Telemetry;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace EventSubscriptions.Deliveries.Statistics;

/// <summary>
/// Counts attempts per hour, for each subscription and each organization, in memory. Changed counts are written every 10 s and at the end:
/// a crash loses at most those of 10 s.
/// </summary>
/// <remarks>A row has all counts of its hour and instance, so that writing it again after a failure counts nothing twice.</remarks>
public sealed partial class DeliveryStatistics(StatisticsStore store, TimeProvider time, ILogger<DeliveryStatistics> logger)
    : BackgroundService
{
    /// <summary>How often changed counts are written.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);

    /// <summary>How long after its start an hour may still be written.</summary>
    internal static readonly TimeSpan MaxAge = TimeSpan.FromHours(12);

    private static readonly TimeSpan s_stopLimit = TimeSpan.FromSeconds(5);

    private readonly string _instance = Base32Id.New("", time);
    private readonly ConcurrentDictionary<Key, Entry> _entries = new();
    private readonly Outage _outage = new(time);

    /// <summary>Counts an attempt that ended now.</summary>
    /// <param name="duration">How long the request took; null if none was sent.</param>
    public void Count(OrganizationId organization, SubscriptionId subscription, DeliveryOutcome outcome, TimeSpan? duration)
    {
        var now = time.GetUtcNow();
        var hour = new DateTimeOffset(now.UtcTicks - (now.UtcTicks % TimeSpan.TicksPerHour), TimeSpan.Zero);
        Add(new Key(organization, subscription, hour), outcome, duration);
        Add(new Key(organization, null, hour), outcome, duration);
    }

    /// <summary>Writes the changed counts. What could not be written is written the next time.</summary>
    public async Task FlushAsync(CancellationToken cancellationToken)
    {
        foreach (var organization in _entries.Where(pair => pair.Value.IsChanged).ToList().GroupBy(pair => pair.Key.Organization))
        {
            foreach (var some in organization.Chunk(TableRow.MaxTransaction))
            {
                await WriteAsync(some, cancellationToken);
            }
        }

        RemoveOldHours();
    }

    /// <inheritdoc/>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        using var limit = new CancellationTokenSource(s_stopLimit, time);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        await FlushAsync(linked.Token);
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                await FlushAsync(stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // StopAsync writes the rest.
        }
    }

    private void Add(Key key, DeliveryOutcome outcome, TimeSpan? duration)
    {
        var entry = _entries.GetOrAdd(key, static _ => new Entry());
        entry.Counts.Add(outcome, duration);
        entry.IsChanged = true;
    }

    private async Task WriteAsync(IReadOnlyList<KeyValuePair<Key, Entry>> entries, CancellationToken cancellationToken)
    {
        // Marked first: what is counted from now on is written the next time.
        foreach (var (_, entry) in entries)
        {
            entry.IsChanged = false;
        }

        try
        {
            List<TableEntity> rows =
            [
                .. entries.Select(pair =>
                    StatisticsStore.Row(pair.Key.Organization, pair.Key.Subscription, pair.Key.Hour, _instance, pair.Value.Counts)
                ),
            ];
            await store.WriteAsync(rows, cancellationToken);
        }
        catch (Exception exception)
        {
            foreach (var (_, entry) in entries)
            {
                entry.IsChanged = true;
            }

            var level = _outage.NextLevel();
            Log.NotWritten(logger, level, exception, entries.Count);
        }
    }

    /// <summary>Nothing is added to an hour that ended some time ago. Counts that can't be written for very long are lost.</summary>
    private void RemoveOldHours()
    {
        var now = time.GetUtcNow();
        foreach (var pair in _entries.Where(pair => pair.Key.Hour <= now - (pair.Value.IsChanged ? MaxAge : TimeSpan.FromHours(2))))
        {
            _entries.TryRemove(pair);
        }
    }

    private readonly record struct Key(OrganizationId Organization, SubscriptionId? Subscription, DateTimeOffset Hour);

    private sealed class Entry
    {
        private volatile bool _isChanged;

        public AttemptCounts Counts { get; } = new();

        public bool IsChanged
        {
            get => _isChanged;
            set => _isChanged = value;
        }
    }

    private static partial class Log
    {
        [LoggerMessage("Could not write {Count} rows of statistics yet.")]
        public static partial void NotWritten(ILogger logger, LogLevel level, Exception exception, int count);
    }
}
