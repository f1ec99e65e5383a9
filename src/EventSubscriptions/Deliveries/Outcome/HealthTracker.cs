using System.Collections.Concurrent;
using System.Globalization;
using EventSubscriptions.Audit;
using EventSubscriptions.Organizations;
using EventSubscriptions.Storage;
using EventSubscriptions.Subscriptions;
using Microsoft.Extensions.Logging;

namespace EventSubscriptions.Deliveries.Outcome;

/// <summary>
/// Tracks the health of subscriptions, and deactivates those whose receiver returned 410 or has failed for too long. A row is written when
/// a subscription starts to fail, when it recovers, and with dead letters; other failures are counted in memory and written with the first
/// one after a minute. Instances coordinate by the version of the row.
/// </summary>
public sealed partial class HealthTracker(
    SubscriptionHealthStore store,
    SubscriptionEditor editor,
    ShortRetry shortRetry,
    DeliveriesOptions options,
    TimeProvider time,
    ILogger<HealthTracker> logger
)
{
    /// <summary>
    /// How long a subscription counts as healthy although another instance may have seen a failure, and how far the count of the row may
    /// lag.
    /// </summary>
    public static readonly TimeSpan Freshness = TimeSpan.FromMinutes(1);

    private const int Capacity = 20_000;
    private const int MaxTries = 5;

    private readonly ConcurrentDictionary<SubscriptionId, Entry> _entries = new();

    /// <summary>
    /// Deactivates a subscription after a 410, and returns whether the 410 counts: it doesn't if the stored subscription now sends
    /// differently. Faults on our side are thrown, because otherwise more would be sent.
    /// </summary>
    public async Task<bool> TryDeactivateGoneAsync(
        Subscription used,
        DeliveryDecision.Gone gone,
        DateTimeOffset at,
        CancellationToken cancellationToken
    )
    {
        var holds = false;
        await shortRetry.ExecuteAsync(async token => holds = await DeactivateGoneAsync(used, gone, at, token), cancellationToken);
        return holds;
    }

    /// <summary>
    /// Tracks the outcome of an attempt other than 410. A fault on our side is only logged: the delivery matters more, and the next attempt
    /// tells the same.
    /// </summary>
    public async Task TrackAsync(
        Subscription subscription,
        DeliveryDecision decision,
        DateTimeOffset at,
        CancellationToken cancellationToken
    )
    {
        try
        {
            await KeepAsync(subscription, decision, at, cancellationToken);
        }
        catch (Exception exception) when (TransientFaults.IsTransient(exception) && !cancellationToken.IsCancellationRequested)
        {
            Log.NotKept(logger, exception, subscription.Id);
        }
    }

    private async Task KeepAsync(
        Subscription subscription,
        DeliveryDecision decision,
        DateTimeOffset at,
        CancellationToken cancellationToken
    )
    {
        var arrived = decision is DeliveryDecision.Delivered;
        var entry = EntryOf(subscription.Id);
        if (arrived && entry.Known is { Health.IsFailing: false } known && IsCurrent(known, subscription))
        {
            return;
        }

        await entry.Gate.WaitAsync(cancellationToken);
        try
        {
            for (var tries = 1; tries <= MaxTries && !await TryKeepAsync(entry, subscription, decision, at, cancellationToken); tries++)
            {
                // Another instance was faster. Its write counts, and so does what was counted here.
                entry.Known = await LoadAsync(subscription, entry.Known!.Uncounted, cancellationToken);
            }
        }
        finally
        {
            entry.Gate.Release();
        }
    }

    private async Task<bool> TryKeepAsync(
        Entry entry,
        Subscription subscription,
        DeliveryDecision decision,
        DateTimeOffset at,
        CancellationToken cancellationToken
    )
    {
        if (entry.Known is not { } known || !IsCurrent(known, subscription))
        {
            entry.Known = known = await LoadAsync(subscription, uncounted: 0, cancellationToken);
        }

        SubscriptionHealth health;
        if (decision is DeliveryDecision.Delivered)
        {
            if (!known.Health.IsFailing)
            {
                return true;
            }

            health = known.Health.Recovered();
        }
        else
        {
            health = known.Health.Failed(at, known.Uncounted + 1);
            if (at - health.FailingSince >= options.DeactivateAfter && health.Failures >= options.DeactivateMinFailures)
            {
                // If the subscription or its health has changed meanwhile, the next failure decides.
                await DeactivateAsync(subscription, health, FailingFor(health), cancellationToken);
                entry.Known = null;
                return true;
            }

            if (known.Health.IsFailing && decision is not DeliveryDecision.DeadLetter && time.GetElapsedTime(known.At) < Freshness)
            {
                entry.Known = known with { Uncounted = known.Uncounted + 1 };
                return true;
            }
        }

        if (await store.TryWriteAsync(subscription.OrganizationId, subscription.Id, health, cancellationToken) is not { } stored)
        {
            return false;
        }

        entry.Known = new Known(stored, Uncounted: 0, subscription.ETag, time.GetTimestamp());
        LogTurn(entry, subscription, known, health, decision);
        return true;
    }

    /// <summary>
    /// Logs when deliveries to a subscription start to fail, and when they recover; once a minute for a receiver that fails now and then.
    /// </summary>
    private void LogTurn(Entry entry, Subscription subscription, Known before, SubscriptionHealth after, DeliveryDecision decision)
    {
        if (!before.Health.IsFailing && after.IsFailing)
        {
            entry.IsLogged = entry.LoggedAt is not { } last || time.GetElapsedTime(last) >= Freshness;
            if (entry.IsLogged)
            {
                entry.LoggedAt = time.GetTimestamp();
                Log.Failing(logger, subscription.Id, subscription.OrganizationId, decision.Error?.Detail ?? decision.Outcome.ToName());
            }
        }
        else if (before.Health.IsFailing && !after.IsFailing && entry.IsLogged)
        {
            entry.IsLogged = false;
            Log.Recovered(logger, subscription.Id, subscription.OrganizationId, before.Health.Failures + before.Uncounted);
        }
    }

    private async Task<bool> DeactivateGoneAsync(
        Subscription used,
        DeliveryDecision.Gone gone,
        DateTimeOffset at,
        CancellationToken cancellationToken
    )
    {
        var health = await store.GetAsync(used.OrganizationId, used.Id, cancellationToken);
        var error = new AuditError("gone", gone.Why.Detail, FailureHint.For(gone.Why.Kind, 410));
        var outcome = await editor.DeactivateGoneAsync(
            used,
            health.Failed(at) with
            {
                ETag = default,
                Reason = error.Detail,
            },
            error,
            cancellationToken
        );
        if (outcome == GoneOutcome.Deactivated)
        {
            Log.Deactivated(logger, used.Id, error.Detail);
        }

        return outcome != GoneOutcome.Changed;
    }

    private async Task DeactivateAsync(
        Subscription subscription,
        SubscriptionHealth health,
        AuditError error,
        CancellationToken cancellationToken
    )
    {
        if (await editor.DeactivateAsync(subscription, health with { Reason = error.Detail }, error, cancellationToken))
        {
            Log.Deactivated(logger, subscription.Id, error.Detail);
        }
    }

    private static AuditError FailingFor(SubscriptionHealth health) =>
        new(
            "failing",
            string.Create(
                CultureInfo.InvariantCulture,
                $"Every delivery has failed since {health.FailingSince!.Value.UtcDateTime:yyyy-MM-dd HH:mm:ss}Z, {health.Failures} times."
            ),
            "Fix the receiver or change the URL, then set isActive to true and replay the missed events. The delivery.failed entries have the details."
        );

    private async Task<Known> LoadAsync(Subscription subscription, int uncounted, CancellationToken cancellationToken)
    {
        // The age counts from before the read, since the row can't be older.
        var at = time.GetTimestamp();
        var health = await store.GetAsync(subscription.OrganizationId, subscription.Id, cancellationToken);
        return new Known(health, health.IsFailing ? uncounted : 0, subscription.ETag, at);
    }

    /// <summary>
    /// Whether the cached health is current. A changed subscription may have been activated again, which clears its health. A failing one
    /// is checked whenever it is written.
    /// </summary>
    private bool IsCurrent(Known known, Subscription subscription) =>
        known.Version == subscription.ETag && (known.Health.IsFailing || time.GetElapsedTime(known.At) < Freshness);

    private Entry EntryOf(SubscriptionId id)
    {
        if (_entries.TryGetValue(id, out var entry))
        {
            return entry;
        }

        // Starting over costs one read each, and happens rarely.
        if (_entries.Count >= Capacity)
        {
            _entries.Clear();
        }

        return _entries.GetOrAdd(id, static _ => new Entry());
    }

    /// <param name="Health">As read or written.</param>
    /// <param name="Uncounted">The failures since then.</param>
    /// <param name="Version">The subscription's version at that time.</param>
    /// <param name="At">That time.</param>
    private sealed record Known(SubscriptionHealth Health, int Uncounted, Azure.ETag Version, long At);

    private sealed class Entry
    {
        public SemaphoreSlim Gate { get; } = new(1);

        public Known? Known { get; set; }

        /// <summary>When it was last logged that deliveries fail, or null.</summary>
        public long? LoggedAt { get; set; }

        /// <summary>Whether it was logged that deliveries fail, and not yet that they have recovered. Another instance may have.</summary>
        public bool IsLogged { get; set; } = true;
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "Could not update the health of subscription {SubscriptionId}; its next delivery will.")]
        public static partial void NotKept(ILogger logger, Exception exception, SubscriptionId subscriptionId);

        [LoggerMessage(
            LogLevel.Warning,
            "Deliveries to subscription {SubscriptionId} of organization {OrganizationId} are failing: {Reason}"
        )]
        public static partial void Failing(ILogger logger, SubscriptionId subscriptionId, OrganizationId organizationId, string reason);

        [LoggerMessage(
            LogLevel.Information,
            "Deliveries to subscription {SubscriptionId} of organization {OrganizationId} have recovered after {Failures} failed attempts."
        )]
        public static partial void Recovered(ILogger logger, SubscriptionId subscriptionId, OrganizationId organizationId, int failures);

        [LoggerMessage(LogLevel.Warning, "Subscription {SubscriptionId} was deactivated: {Reason}")]
        public static partial void Deactivated(ILogger logger, SubscriptionId subscriptionId, string reason);
    }
}
