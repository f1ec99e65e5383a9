using Azure.Messaging.ServiceBus;
using EventSubscriptions.Audit;
using EventSubscriptions.Http;
using EventSubscriptions.Queues;
using EventSubscriptions.Storage;
using EventSubscriptions.Telemetry;
using Microsoft.Extensions.DependencyInjection;

namespace EventSubscriptions.Replays;

/// <summary>Starts and ends replays, and audits both.</summary>
public sealed class ReplayLifecycle(
    ReplayStore store,
    AuditLog audit,
    [FromKeyedServices(QueueNames.Replays)] ServiceBusSender replays,
    AppMetrics metrics,
    TimeProvider time
)
{
    private static readonly TimeSpan s_maxStall = TimeSpan.FromDays(1);

    /// <summary>One lock per remainder of the organization id.</summary>
    private readonly SemaphoreSlim[] _starting = [.. Enumerable.Range(0, 64).Select(_ => new SemaphoreSlim(1))];

    /// <summary>
    /// Stores a new replay and queues its first slice. Returns null if the organization already has <paramref name="max"/> running replays.
    /// </summary>
    public async Task<Replay?> StartAsync(Replay replay, int max, CancellationToken cancellationToken)
    {
        if (await TryStoreAsync(replay, max, cancellationToken) is not { } stored)
        {
            return null;
        }

        try
        {
            await audit.AppendAsync(ReplayAudit.Started(replay, time), cancellationToken);
            await replays.SendMessageAsync(ReplayMessage.First(replay).ToServiceBusMessage(), cancellationToken);
        }
        catch (Exception exception) when (TransientFaults.IsTransient(exception))
        {
            // Otherwise it would show as counting for ever.
            await FailAsync(
                ReplayMessage.First(replay),
                new(ReplayFailure.NotQueued, "The replay could not be queued."),
                CancellationToken.None
            );
            throw;
        }

        metrics.ReplayReached("started");
        return stored;
    }

    /// <summary>Cancels a replay that has not ended, and returns it as it ended; null if it doesn't exist.</summary>
    public async Task<Replay?> CancelAsync(SubscriptionId subscription, ReplayId id, Actor actor, CancellationToken cancellationToken)
    {
        var cancelled = await EndAsync(
            subscription,
            id,
            current => Ended(current, ReplayState.Cancelled) with { CancelledBy = actor },
            cancellationToken
        );
        if (cancelled is { State: ReplayState.Cancelled })
        {
            await audit.AppendAsync(ReplayAudit.Ended(cancelled, time), cancellationToken);
        }

        return cancelled;
    }

    /// <summary>Completes a replay with its final counts.</summary>
    public Task CompleteAsync(ReplayMessage message, long matched, long? sent, CancellationToken cancellationToken) =>
        FinishAsync(
            message,
            current => Ended(current, ReplayState.Completed) with { Matched = matched, Sent = sent ?? current.Sent },
            cancellationToken
        );

    /// <summary>Fails a replay, unless it has passed the slice that failed.</summary>
    public Task FailAsync(ReplayMessage message, ReplayFailure failure, CancellationToken cancellationToken) =>
        FinishAsync(
            message,
            current => message.IsDoneIn(current) ? null : Ended(current, ReplayState.Failed) with { Failure = failure },
            cancellationToken
        );

    /// <summary>Fails the replays that have made no progress for a day: the message of their next slice is lost.</summary>
    public async Task FailStalledAsync(CancellationToken cancellationToken)
    {
        foreach (var replay in await store.ListStalledAsync(time.GetUtcNow() - s_maxStall, cancellationToken))
        {
            var next = ReplayMessage.First(replay) with { Slice = replay.Slices + 1 };
            await FailAsync(next, new(ReplayFailure.Stalled, "The replay has not made progress for a day."), cancellationToken);
        }
    }

    /// <summary>Finishes the clean-up of a replay that has ended.</summary>
    public Task CleanUpAsync(ReplayMessage message, CancellationToken cancellationToken) =>
        FinishAsync(message, static _ => null, cancellationToken);

    /// <summary>One after another on this instance, so that replays that start at the same time are counted.</summary>
    private async Task<Replay?> TryStoreAsync(Replay replay, int max, CancellationToken cancellationToken)
    {
        var gate = _starting[replay.OrganizationId.Value % _starting.Length];
        await gate.WaitAsync(cancellationToken);
        try
        {
            return await store.TryEnterAsync(replay, max, time.GetUtcNow(), cancellationToken)
                ? await store.PutAsync(replay, cancellationToken)
                : null;
        }
        finally
        {
            gate.Release();
        }
    }

    private async Task FinishAsync(ReplayMessage message, Func<Replay, Replay?> end, CancellationToken cancellationToken)
    {
        var replay = await EndAsync(message.SubscriptionId, message.ReplayId, end, cancellationToken);
        if (replay is { HasEnded: false })
        {
            return;
        }

        if (replay is not null)
        {
            await audit.AppendAsync(ReplayAudit.Ended(replay, time), cancellationToken);
        }

        await store.RemoveEventsAsync(message.ReplayId, cancellationToken);
        await store.LeaveAsync(message.OrganizationId, message.ReplayId, cancellationToken);
    }

    /// <summary>Ends a replay that has not ended, and returns it as it is stored then.</summary>
    private async Task<Replay?> EndAsync(
        SubscriptionId subscription,
        ReplayId id,
        Func<Replay, Replay?> end,
        CancellationToken cancellationToken
    )
    {
        Replay? ours = null;
        var replay = await store.ChangeAsync(subscription, id, current => ours = end(current), cancellationToken);
        if (ours is not null && replay?.EndedAt == ours.EndedAt)
        {
            metrics.ReplayReached(ours.State.ToName());
        }

        return replay;
    }

    private Replay Ended(Replay current, ReplayState state) => current with { State = state, EndedAt = time.GetUtcNow() };
}
