using Azure.Messaging.ServiceBus;
using EventSubscriptions.Queues;
using EventSubscriptions.Subscriptions;
using Microsoft.Extensions.DependencyInjection;

namespace EventSubscriptions.Replays;

/// <summary>Runs replays, a slice per message: first it finds the events and stores their ids, then it sends them, oldest first.</summary>
/// <remarks>
/// A slice depends on its message alone and may run twice: it stores the same rows, and duplicate detection drops repeated deliveries and
/// next slices. The next slice is queued before progress is written, so a message whose slice is done has nothing left to do or to fail.
/// </remarks>
public sealed class ReplayProcessor(
    ReplayLifecycle lifecycle,
    ReplayStore store,
    ReplaySearch search,
    ReplaySender sender,
    SubscriptionStore subscriptions,
    [FromKeyedServices(QueueNames.Replays)] ServiceBusSender replays
)
{
    /// <summary>Runs one slice. Exceptions mean a fault on our side: the slice must run again.</summary>
    public async Task<Settlement> ProcessAsync(ReplayMessage message, CancellationToken cancellationToken)
    {
        if (await store.GetAsync(message.SubscriptionId, message.ReplayId, cancellationToken) is not { } replay)
        {
            return Settlement.Completed;
        }

        if (replay.HasEnded)
        {
            await lifecycle.CleanUpAsync(message, cancellationToken);
        }
        else if (message.IsDoneIn(replay))
        {
            return Settlement.Completed;
        }
        else if (await subscriptions.GetAsync(message.OrganizationId, message.SubscriptionId, cancellationToken) is not { } subscription)
        {
            await lifecycle.FailAsync(message, new(ReplayFailure.SubscriptionDeleted, "The subscription was deleted."), cancellationToken);
        }
        else if (!subscription.IsActive && !replay.DryRun)
        {
            await lifecycle.FailAsync(
                message,
                new(ReplayFailure.SubscriptionInactive, "The subscription was deactivated."),
                cancellationToken
            );
        }
        else if (message.Sends)
        {
            await SendAsync(message, replay, cancellationToken);
        }
        else
        {
            await CountAsync(message, replay, subscription, cancellationToken);
        }

        return Settlement.Completed;
    }

    private async Task CountAsync(ReplayMessage message, Replay replay, Subscription subscription, CancellationToken cancellationToken)
    {
        var findings = await search.RunAsync(replay, subscription, message.After, message.LogRows, cancellationToken);
        var matched = message.Matched + findings.Events.Count;
        if (replay.DryRun && findings.IsLast)
        {
            await lifecycle.CompleteAsync(message, matched, sent: null, cancellationToken);
            return;
        }

        if (!replay.DryRun)
        {
            await store.AddEventsAsync(replay.Id, findings.Events, cancellationToken);
        }

        var next = message.Next() with { Sends = findings.IsLast, After = findings.Next, Matched = matched, LogRows = findings.LogRows };
        await replays.SendMessageAsync(next.ToServiceBusMessage(), cancellationToken);
        await ProgressAsync(next, cancellationToken);
    }

    private async Task SendAsync(ReplayMessage message, Replay replay, CancellationToken cancellationToken)
    {
        var size = sender.SliceSize;
        var events = await store.ListEventsAsync(replay.Id, message.After, size, cancellationToken);
        var due = await sender.SendAsync(replay, events, cancellationToken);
        var sent = message.Sent + events.Count;
        if (events.Count < size)
        {
            await lifecycle.CompleteAsync(message, message.Matched, sent, cancellationToken);
            return;
        }

        var next = message.Next() with { After = events[^1].RowKey, Sent = sent };
        await replays.ScheduleMessageAsync(next.ToServiceBusMessage(), due, cancellationToken);
        await ProgressAsync(next, cancellationToken);
    }

    private Task<Replay?> ProgressAsync(ReplayMessage next, CancellationToken cancellationToken) =>
        store.ChangeAsync(
            next.SubscriptionId,
            next.ReplayId,
            current =>
                current.Slices >= next.Slice - 1
                    ? null
                    : current with
                    {
                        State = next.Sends ? ReplayState.Running : ReplayState.Counting,
                        Matched = next.Matched,
                        Sent = next.Sent,
                        Slices = next.Slice - 1,
                    },
            cancellationToken
        );
}
