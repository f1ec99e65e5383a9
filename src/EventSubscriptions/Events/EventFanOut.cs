using System.Diagnostics;
using Azure.Messaging.ServiceBus;
using EventSubscriptions.Deliveries;
using EventSubscriptions.Storage;
using EventSubscriptions.Subscriptions;
using EventSubscriptions.Telemetry;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace EventSubscriptions.Events;

/// <summary>
/// Turns events into deliveries. Whatever is done for an event may be done again after a crash: the archive takes the same event twice, and
/// the messages have ids by which the queue drops their repeats. An event's message is settled only after everything that it leads to is stored.
/// </summary>
public sealed partial class EventFanOut(
    EventArchive archive,
    SubscriptionIndex index,
    [FromKeyedServices(QueueNames.Events)] ServiceBusSender events,
    [FromKeyedServices(QueueNames.Deliveries)] ServiceBusSender deliveries,
    AppMetrics metrics,
    AppTracing tracing,
    TimeProvider time,
    Random random,
    ILogger<EventFanOut> logger)
{
    /// <summary>The most deliveries that one call makes. What is left goes on with another message, long before the locks expire.</summary>
    public const int MaxDeliveries = 5_000;

    private const int ParallelCalls = 64;
    private const int ParallelSends = 4;

    /// <summary>Fans out what a batch of messages holds. Nothing is thrown but a cancellation.</summary>
    /// <returns>For each message, in order, what to do with it.</returns>
    public async Task<IReadOnlyList<FanOutResult>> RunAsync(IReadOnlyList<ServiceBusReceivedMessage> messages, CancellationToken cancellationToken)
    {
        var items = messages.Select(FanOutItem.Read).ToArray();
        Begin(items);
        await Task.WhenAll(ArchiveAsync(items, cancellationToken), FindSubscriptionsAsync(items, cancellationToken));
        await SendAsync(items, cancellationToken);
        await PutOffAsync(items, cancellationToken);
        End(items);
        return Array.ConvertAll(items, item => item.Result);
    }

    private void Begin(FanOutItem[] items)
    {
        var now = time.GetUtcNow();
        var around = Activity.Current;
        foreach (var item in items)
        {
            if (item.Message.DeliveryCount <= 1)
            {
                metrics.Taken(QueueNames.Events, now - item.Message.EnqueuedTime);
            }

            if (item.IsOpen && tracing.StartFrom(item.TraceParent, "fan out", ActivityKind.Consumer) is { } activity)
            {
                item.Activity = activity.SetTag(TraceTags.Organization, item.Organization.Value).SetTag(TraceTags.Event, item.EventId.ToString());

                // The events of a batch are worked on side by side: none of them is the current one.
                Activity.Current = around;
            }
        }
    }

    private void End(FanOutItem[] items)
    {
        metrics.DeliveriesCreated(DeliveryMessage.EventRun, items.Where(item => item.IsOpen).Sum(item => item.Deliveries));
        var around = Activity.Current;
        foreach (var item in items)
        {
            if (item.Activity is { } activity)
            {
                activity.SetTag(TraceTags.Count, item.Deliveries).SetTag(TraceTags.ErrorType, item.Refusal?.Reason ?? item.Failure?.GetType().Name);
                activity.SetStatus(item.IsOpen ? ActivityStatusCode.Unset : ActivityStatusCode.Error);
                activity.Dispose();
            }
        }

        Activity.Current = around;
    }

    private Task ArchiveAsync(FanOutItem[] items, CancellationToken cancellationToken) =>
        ForEachAsync(items.Where(item => item.IsOpen).Select(item => new[] { item }), async (owners, cancel) =>
        {
            var item = owners[0];
            var result = await archive.AddAsync(item.Organization, item.EventId, item.EventName, item.Payload, item.Message.EnqueuedTime, cancel);
            if (result == ArchiveResult.Added)
            {
                metrics.EventPublished(EventMessage.SourceOf(item.Message));
            }
            else if (result == ArchiveResult.IdReused)
            {
                item.Refuse(EventDeadLetterReason.IdReused, $"The organization has had another event of the id {item.EventId}.");
            }
        }, cancellationToken);

    // One read for each organization, made after the messages were received: a subscription that was there before the event was published is seen.
    private Task FindSubscriptionsAsync(FanOutItem[] items, CancellationToken cancellationToken) =>
        ForEachAsync(items.Where(item => item.IsOpen).GroupBy(item => item.Organization).Select(group => group.ToArray()), async (owners, cancel) =>
        {
            var subscriptions = await index.GetAsync(owners[0].Organization, cancel);
            foreach (var item in owners)
            {
                item.Subscriptions = subscriptions;
            }
        }, cancellationToken);

    private async Task SendAsync(FanOutItem[] items, CancellationToken cancellationToken)
    {
        List<(FanOutItem Item, string? After)> unfinished = [];
        using (var sender = new BatchedSender<FanOutItem>(deliveries, ParallelSends))
        {
            var budget = MaxDeliveries;
            foreach (var item in items.Where(item => item.IsOpen))
            {
                var after = item.After;
                foreach (var subscription in item.Subscriptions!.Matching(item.EventName, item.After))
                {
                    if (budget == 0)
                    {
                        unfinished.Add((item, after));
                        break;
                    }

                    budget--;
                    item.Deliveries++;
                    after = subscription.ToString();
                    await sender.AddAsync(item, Delivery(item, subscription), cancellationToken);
                }
            }

            await NoteFailuresAsync(sender, cancellationToken);
        }

        using var continuations = new BatchedSender<FanOutItem>(events, ParallelSends);
        foreach (var (item, after) in unfinished.Where(rest => rest.Item.IsOpen))
        {
            await continuations.AddAsync(item, EventMessage.Continue(item.Message, item.Payload, after), cancellationToken);
        }

        await NoteFailuresAsync(continuations, cancellationToken);
    }

    private static ServiceBusMessage Delivery(FanOutItem item, SubscriptionId subscription) => new DeliveryMessage
    {
        OrganizationId = item.Organization,
        SubscriptionId = subscription,
        EventId = item.EventId,
        EventName = item.EventName,
        PublishedAt = EventMessage.PublishedAtOf(item.Message),
        TraceParent = item.Activity?.Id ?? item.TraceParent,
    }.ToServiceBusMessage(item.Payload);

    // Events that met trouble of ours are tried again later, each for itself. One that met a mistake in the program is left to its message's delivery count.
    private async Task PutOffAsync(FanOutItem[] items, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        using var sender = new BatchedSender<FanOutItem>(events, ParallelSends);
        foreach (var item in items.Where(item => item.Failure is not null))
        {
            var hold = EventMessage.HoldOf(item.Message);
            if (!OwnTrouble.Is(item.Failure!))
            {
                Log.Failed(logger, item.Failure!, item.EventId, item.Organization);
                continue;
            }

            Log.PutOff(logger, item.Failure!, item.EventId, item.Organization, hold + 1);
            metrics.MessageHeld(QueueNames.Events, AppMetrics.HeldForTrouble);
            item.IsPutOff = true;
            await sender.AddAsync(item, EventMessage.PutOff(item.Message, item.Payload, now + OwnTrouble.Wait(hold, random)), cancellationToken);
        }

        foreach (var (item, exception) in await sender.FinishAsync(cancellationToken))
        {
            Log.Stuck(logger, exception, item.EventId, item.Organization);
            item.IsPutOff = false;
        }
    }

    private static async Task NoteFailuresAsync(BatchedSender<FanOutItem> sender, CancellationToken cancellationToken)
    {
        foreach (var (item, exception) in await sender.FinishAsync(cancellationToken))
        {
            item.Fail(exception);
        }
    }

    private static Task ForEachAsync(
        IEnumerable<FanOutItem[]> work, Func<FanOutItem[], CancellationToken, Task> body, CancellationToken cancellationToken) =>
        Parallel.ForEachAsync(work, new ParallelOptions { MaxDegreeOfParallelism = ParallelCalls, CancellationToken = cancellationToken }, async (owners, cancel) =>
        {
            // What goes wrong with one event must not reach the others of its batch.
            try
            {
                await body(owners, cancel);
            }
            catch (Exception exception) when (!cancel.IsCancellationRequested)
            {
                Array.ForEach(owners, item => item.Fail(exception));
            }
        });

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "Event {EventId} of organization {OrganizationId} is put off for the {Hold}. time: a table or a queue can't be reached.")]
        public static partial void PutOff(ILogger logger, Exception exception, EventId eventId, OrganizationId organizationId, int hold);

        [LoggerMessage(LogLevel.Error, "Event {EventId} of organization {OrganizationId} could not even be put off; its message will be delivered again.")]
        public static partial void Stuck(ILogger logger, Exception exception, EventId eventId, OrganizationId organizationId);

        [LoggerMessage(LogLevel.Error, "Event {EventId} of organization {OrganizationId} can't be fanned out; its message will be delivered again.")]
        public static partial void Failed(ILogger logger, Exception exception, EventId eventId, OrganizationId organizationId);
    }
}
