using System.Runtime.ExceptionServices;
using Azure.Messaging.ServiceBus;
using EventSubscriptions.Audit;
using EventSubscriptions.Deliveries;
using EventSubscriptions.Http;
using EventSubscriptions.Queues;
using EventSubscriptions.Storage;
using EventSubscriptions.Subscriptions;
using EventSubscriptions.Telemetry;
using Microsoft.Extensions.DependencyInjection;

namespace EventSubscriptions.Replays;

/// <summary>
/// Does the work of replays, a slice at a time: first it finds the events and keeps their ids, then it sends them, oldest first.
/// </summary>
/// <remarks>
/// A slice depends on its message alone and may run twice: the rows that it keeps are the same, and the queue drops deliveries and next slices that it
/// has had. The next slice is on the queue before progress is written, so that a message whose slice is done has nothing left to do, or to fail.
/// </remarks>
public sealed class ReplayProcessor(
    ReplayStore store,
    ReplaySearch search,
    SubscriptionStore subscriptions,
    AuditLog audit,
    ReplayOptions options,
    [FromKeyedServices(QueueNames.Replays)] ServiceBusSender replays,
    [FromKeyedServices(QueueNames.Deliveries)] ServiceBusSender deliveries,
    AppMetrics metrics,
    TimeProvider time)
{
    private const int ParallelSends = 4;

    /// <summary>The most deliveries that a slice starts. A cancelled replay sends at most one slice more.</summary>
    private const int MaxSlice = 2_000;

    private static readonly TimeSpan s_slice = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan s_patience = TimeSpan.FromDays(1);

    /// <summary>A gate for all organizations of the same remainder.</summary>
    private readonly SemaphoreSlim[] _starting = [.. Enumerable.Range(0, 64).Select(_ => new SemaphoreSlim(1))];

    /// <summary>Stores a new replay and puts its first slice on the queue. Null where so many of its organization are running that none may start.</summary>
    public async Task<Replay?> StartAsync(Replay replay, int most, CancellationToken cancellationToken)
    {
        if (await TryStoreAsync(replay, most, cancellationToken) is not { } stored)
        {
            return null;
        }

        try
        {
            await audit.AppendAsync(ReplayAudit.Started(replay, time), cancellationToken);
            await replays.SendMessageAsync(ReplayMessage.First(replay).ToServiceBusMessage(), cancellationToken);
        }
        catch (Exception exception) when (TransientFaults.Is(exception))
        {
            // It would seem to be counting for ever.
            await FailAsync(
                ReplayMessage.First(replay), new(ReplayFailure.NotQueued, "The replay could not be put on its queue."), CancellationToken.None);
            throw;
        }

        metrics.ReplayReached("started");
        return stored;
    }

    /// <summary>One after another on this instance, so that none is overlooked that starts at the same time.</summary>
    private async Task<Replay?> TryStoreAsync(Replay replay, int most, CancellationToken cancellationToken)
    {
        var gate = _starting[replay.OrganizationId.Value % _starting.Length];
        await gate.WaitAsync(cancellationToken);
        try
        {
            return await store.TryEnterAsync(replay, most, time.GetUtcNow(), cancellationToken) ? await store.PutAsync(replay, cancellationToken) : null;
        }
        finally
        {
            gate.Release();
        }
    }

    /// <summary>Cancels a replay that has not ended, and returns it as it ended; null where there is no such replay.</summary>
    public async Task<Replay?> CancelAsync(SubscriptionId subscription, ReplayId id, Actor actor, CancellationToken cancellationToken)
    {
        var cancelled = await EndAsync(subscription, id, current => Ended(current, ReplayState.Cancelled) with { CancelledBy = actor }, cancellationToken);
        if (cancelled is { State: ReplayState.Cancelled })
        {
            await audit.AppendAsync(ReplayAudit.Ended(cancelled, time), cancellationToken);
        }

        return cancelled;
    }

    /// <summary>Ends a replay that can't go on, unless it has gone past the slice that failed.</summary>
    public Task FailAsync(ReplayMessage message, ReplayFailure failure, CancellationToken cancellationToken) => FinishAsync(
        message,
        current => IsDone(message, current) ? null : Ended(current, ReplayState.Failed) with { Failure = failure },
        cancellationToken);

    /// <summary>Ends the replays that have not come further for a day: the message of their next slice is lost, or no use.</summary>
    public async Task FailStalledAsync(CancellationToken cancellationToken)
    {
        foreach (var replay in await store.ListStalledAsync(time.GetUtcNow() - s_patience, cancellationToken))
        {
            var next = ReplayMessage.First(replay) with { Slice = replay.Slices + 1 };
            await FailAsync(next, new(ReplayFailure.Stalled, "The replay has not come further for a day."), cancellationToken);
        }
    }

    /// <summary>Does one slice. What it throws is our own trouble: the slice is to be done again.</summary>
    public async Task RunAsync(ReplayMessage message, CancellationToken cancellationToken)
    {
        if (await store.GetAsync(message.SubscriptionId, message.ReplayId, cancellationToken) is not { } replay)
        {
            return;
        }

        if (replay.HasEnded)
        {
            await FinishAsync(message, static _ => null, cancellationToken);
        }
        else if (IsDone(message, replay))
        {
            return;
        }
        else if (await subscriptions.GetAsync(message.OrganizationId, message.SubscriptionId, cancellationToken) is not { } subscription)
        {
            await FailAsync(message, new(ReplayFailure.SubscriptionDeleted, "The subscription was deleted."), cancellationToken);
        }
        else if (!subscription.IsActive && !replay.DryRun)
        {
            await FailAsync(message, new(ReplayFailure.SubscriptionInactive, "The subscription was deactivated."), cancellationToken);
        }
        else if (message.Sends)
        {
            await SendAsync(message, replay, cancellationToken);
        }
        else
        {
            await CountAsync(message, replay, subscription, cancellationToken);
        }
    }

    private async Task CountAsync(ReplayMessage message, Replay replay, Subscription subscription, CancellationToken cancellationToken)
    {
        var findings = await search.RunAsync(replay, subscription, message.After, message.LogRows, cancellationToken);
        var matched = message.Matched + findings.Events.Count;
        if (replay.DryRun && findings.IsLast)
        {
            await FinishAsync(message, current => Ended(current, ReplayState.Completed) with { Matched = matched }, cancellationToken);
            return;
        }

        if (!replay.DryRun)
        {
            await store.AddEventsAsync(replay.Id, findings.Events, cancellationToken);
        }

        var next = message with
        {
            Sends = findings.IsLast,
            Slice = message.Slice + 1,
            Hold = 0,
            After = findings.Next,
            Matched = matched,
            LogRows = findings.LogRows,
        };
        await replays.SendMessageAsync(next.ToServiceBusMessage(), cancellationToken);
        await ProgressAsync(next, cancellationToken);
    }

    private async Task SendAsync(ReplayMessage message, Replay replay, CancellationToken cancellationToken)
    {
        var size = (int)Math.Clamp(options.RatePerSecond * s_slice.TotalSeconds, 1, MaxSlice);
        var events = await store.ListEventsAsync(replay.Id, message.After, size, cancellationToken);
        var start = time.GetUtcNow();
        using (var sender = new BatchedSender<ReplayProcessor>(deliveries, ParallelSends))
        {
            for (var i = 0; i < events.Count; i++)
            {
                var delivery = new DeliveryMessage
                {
                    OrganizationId = replay.OrganizationId,
                    SubscriptionId = replay.SubscriptionId,
                    EventId = ReplayRow.EventId(events[i]),
                    EventName = events[i].GetString("eventName")!,
                    Run = replay.Id.ToString(),
                }.ToServiceBusMessage(payload: default);
                delivery.ScheduledEnqueueTime = start + After(i);
                await sender.AddAsync(this, delivery, cancellationToken);
            }

            foreach (var failure in (await sender.FinishAsync(cancellationToken)).Values)
            {
                ExceptionDispatchInfo.Throw(failure);
            }

            metrics.DeliveriesCreated("replay", events.Count);
        }

        var sent = message.Sent + events.Count;
        if (events.Count < size)
        {
            await FinishAsync(message, current => Ended(current, ReplayState.Completed) with { Matched = message.Matched, Sent = sent }, cancellationToken);
            return;
        }

        var next = message with { Slice = message.Slice + 1, Hold = 0, After = events[^1].RowKey, Sent = sent };
        await replays.ScheduleMessageAsync(next.ToServiceBusMessage(), start + After(events.Count), cancellationToken);
        await ProgressAsync(next, cancellationToken);
    }

    private TimeSpan After(int count) => TimeSpan.FromSeconds((double)count / options.RatePerSecond);

    private static bool IsDone(ReplayMessage message, Replay replay) => replay.Slices >= message.Slice;

    private Task<Replay?> ProgressAsync(ReplayMessage next, CancellationToken cancellationToken) => store.ChangeAsync(
        next.SubscriptionId,
        next.ReplayId,
        current => current.Slices >= next.Slice - 1 ? null : current with
        {
            State = next.Sends ? ReplayState.Running : ReplayState.Counting,
            Matched = next.Matched,
            Sent = next.Sent,
            Slices = next.Slice - 1,
        },
        cancellationToken);

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

    /// <summary>Ends a replay where it has not ended. The answer is the replay as it is then.</summary>
    private async Task<Replay?> EndAsync(SubscriptionId subscription, ReplayId id, Func<Replay, Replay?> end, CancellationToken cancellationToken)
    {
        Replay? ours = null;
        var replay = await store.ChangeAsync(subscription, id, current => ours = end(current), cancellationToken);
        if (ours is not null && replay?.EndedAt == ours.EndedAt)
        {
            metrics.ReplayReached(ours.State);
        }

        return replay;
    }

    private Replay Ended(Replay current, string state) => current with { State = state, EndedAt = time.GetUtcNow() };
}
