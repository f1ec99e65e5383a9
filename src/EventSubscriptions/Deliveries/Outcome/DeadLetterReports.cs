using System.Collections.Concurrent;
using EventSubscriptions.Events;
using EventSubscriptions.Storage;
using EventSubscriptions.Subscriptions;
using Microsoft.Extensions.Logging;

namespace EventSubscriptions.Deliveries.Outcome;

/// <summary>
/// Reports dead letters as <c>DeliveryDeadLetteredEvent</c>, at most once a minute per subscription. The others are counted in the row of
/// its health, and in the next report: that of the next dead letter after the minute, or of the next review.
/// </summary>
/// <remarks>
/// Dead letters that arrive together are counted with one write. A crash between it and the settlement of a message counts that message
/// twice.
/// </remarks>
public sealed partial class DeadLetterReports(
    SubscriptionHealthStore store,
    SubscriptionCache subscriptions,
    HealthReporter reporter,
    ShortRetry shortRetry,
    TimeProvider time,
    ILogger<DeadLetterReports> logger
)
{
    /// <summary>The shortest time between two reports of a subscription.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);

    private const int Capacity = 20_000;
    private const int MaxTries = 10;

    private readonly ConcurrentDictionary<SubscriptionId, Entry> _entries = new();

    /// <summary>
    /// Counts a dead letter, and reports it unless another one was just reported. Those of operational events don't count: a report of them
    /// could be dead-lettered, too. Faults on our side are retried, then logged: the audit log has every dead letter.
    /// </summary>
    public async Task CountAsync(Subscription subscription, DeadLetteredDelivery last, CancellationToken cancellationToken)
    {
        if (OperationalEvents.Contains(last.EventName))
        {
            return;
        }

        var entry = EntryOf(subscription.Id);
        Interlocked.Increment(ref entry.Waiting);
        try
        {
            await shortRetry.ExecuteAsync(token => StoreAsync(entry, subscription, last, token), cancellationToken);
        }
        catch (Exception exception) when (TransientFaults.IsTransient(exception) && !cancellationToken.IsCancellationRequested)
        {
            Log.NotCounted(logger, exception, subscription.Id);
        }
    }

    /// <summary>Reports what was counted and has waited for a minute.</summary>
    public async Task ReviewAsync(CancellationToken cancellationToken)
    {
        foreach (var (id, entry) in _entries)
        {
            if (entry.Unreported is not var (organization, last))
            {
                continue;
            }

            try
            {
                if (await subscriptions.GetAsync(organization, id, cancellationToken) is { } subscription)
                {
                    await StoreAsync(entry, subscription, last, cancellationToken);
                }
                else
                {
                    entry.Unreported = null;
                }
            }
            catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
            {
                Log.NotCounted(logger, exception, id);
            }
        }
    }

    private async Task StoreAsync(Entry entry, Subscription subscription, DeadLetteredDelivery last, CancellationToken cancellationToken)
    {
        await entry.Gate.WaitAsync(cancellationToken);
        var count = Interlocked.Exchange(ref entry.Waiting, 0);
        try
        {
            if (count > 0 || entry.Unreported is not null)
            {
                await StoreAsync(entry, subscription, last, count, cancellationToken);
            }

            count = 0;
        }
        finally
        {
            Interlocked.Add(ref entry.Waiting, count);
            entry.Gate.Release();
        }
    }

    private async Task StoreAsync(
        Entry entry,
        Subscription subscription,
        DeadLetteredDelivery last,
        int count,
        CancellationToken cancellationToken
    )
    {
        var (organization, id) = (subscription.OrganizationId, subscription.Id);
        for (var tries = 1; tries <= MaxTries; tries++)
        {
            var known = await store.GetAsync(organization, id, cancellationToken);
            var (total, now) = (known.DeadLetters + count, time.GetUtcNow());
            var isDue = total > 0 && !(now - known.DeadLettersReportedAt < Interval) && known.Outbox is null;
            var health = isDue
                ? known.Reporting(SubscriptionEvents.DeadLettered(subscription, now, total, last)) with
                {
                    DeadLetters = 0,
                    DeadLettersReportedAt = now,
                }
                : known with
                {
                    DeadLetters = total,
                };
            if (!isDue && count == 0)
            {
                // Another instance has reported them, or it is too early.
                entry.Unreported = total > 0 ? entry.Unreported : null;
                await reporter.PublishAsync(organization, id, known, cancellationToken);
                return;
            }

            if (await store.TryWriteAsync(organization, id, health, cancellationToken) is { } stored)
            {
                var published = await reporter.PublishAsync(organization, id, stored, cancellationToken);
                entry.Unreported = stored.DeadLetters > 0 || published?.Outbox is not null ? (organization, last) : null;
                return;
            }
        }

        Log.Contended(logger, count, id);
    }

    private Entry EntryOf(SubscriptionId id)
    {
        // Starting over loses no count: the rows have them, and the next dead letter reports them.
        if (_entries.Count >= Capacity)
        {
            _entries.Clear();
        }

        return _entries.GetOrAdd(id, static _ => new Entry());
    }

    private sealed class Entry
    {
        /// <summary>Dead letters that are not counted in the row yet.</summary>
        public int Waiting;

        public SemaphoreSlim Gate { get; } = new(1);

        /// <summary>The last dead letter, if the row may have one that is not reported.</summary>
        public (Organizations.OrganizationId Organization, DeadLetteredDelivery Last)? Unreported { get; set; }
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "Could not count the dead letters of subscription {SubscriptionId} for its operational event.")]
        public static partial void NotCounted(ILogger logger, Exception exception, SubscriptionId subscriptionId);

        [LoggerMessage(
            LogLevel.Warning,
            "Could not count {Count} dead letters of subscription {SubscriptionId} for its operational event: its health is being changed by others."
        )]
        public static partial void Contended(ILogger logger, int count, SubscriptionId subscriptionId);
    }
}
