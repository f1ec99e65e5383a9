using System.Diagnostics;
using Azure.Messaging.ServiceBus;
using EventSubscriptions.Deliveries;
using EventSubscriptions.Events.Archive;
using EventSubscriptions.Events.Publishing;
using EventSubscriptions.Organizations;
using EventSubscriptions.Queues;
using EventSubscriptions.Storage;
using EventSubscriptions.Subscriptions;
using EventSubscriptions.Telemetry;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace EventSubscriptions.Events.FanOut;

/// <summary>
/// Turns events into deliveries. Whatever is done for an event may be done again after a crash: the archive takes the same event twice, and
/// the messages have ids by which the queue drops their repeats. An event's message is settled only after everything that it leads to is stored.
/// </summary>
public sealed partial class FanOutProcessor(
    EventArchive archive,
    SubscriptionIndex index,
    [FromKeyedServices(QueueNames.FanOut)] ServiceBusSender copies,
    [FromKeyedServices(QueueNames.Deliveries)] ServiceBusSender deliveries,
    AppMetrics metrics,
    AppTracing tracing,
    TimeProvider time,
    Random random,
    ILogger<FanOutProcessor> logger)
{
    /// <summary>The most deliveries that one call makes of an event. What is left goes on with another message, so that no event keeps the others of its batch waiting.</summary>
    public const int MaxDeliveries = 5_000;

    /// <summary>How long a call makes deliveries, of the 5 minutes that its messages are locked. What is left goes on with other messages.</summary>
    public static readonly TimeSpan MaxTime = TimeSpan.FromMinutes(3);

    private const int ParallelCalls = 64;
    private const int ParallelSends = 4;

    /// <summary>Fans out what a batch of messages holds. Nothing is thrown but a cancellation.</summary>
    /// <param name="messages">The messages of one queue.</param>
    /// <param name="isCopies">Whether they are copies from the queue <c>fanout</c>, and not what producers sent.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <returns>For each message, in order, what to do with it.</returns>
    public async Task<IReadOnlyList<FanOutResult>> RunAsync(
        IReadOnlyList<ServiceBusReceivedMessage> messages, bool isCopies, CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        var items = messages.Select(message => FanOutItem.Read(message, isCopies)).ToArray();
        Begin(items);
        await Task.WhenAll(ArchiveAsync(items, cancellationToken), FindSubscriptionsAsync(items, cancellationToken));
        await SendAsync(items, started, cancellationToken);
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
                metrics.Taken(QueueOf(item), now - item.Message.EnqueuedTime);
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
        ForEachAsync(items.Where(item => item is { IsOpen: true, IsArchived: false }).Select(item => new[] { item }), async (owners, cancel) =>
        {
            var item = owners[0];
            var result = await archive.AddAsync(item.Organization, item.EventId, item.EventName, item.Payload, item.PublishedAt, cancel);
            item.IsArchived = result != ArchiveResult.IdReused;
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

    private async Task SendAsync(FanOutItem[] items, long started, CancellationToken cancellationToken)
    {
        List<(FanOutItem Item, string? After)> unfinished = [];
        using (var sender = new BatchedSender<FanOutItem>(deliveries, ParallelSends))
        {
            foreach (var item in items.Where(item => item.IsOpen))
            {
                var after = item.After;
                foreach (var subscription in item.Subscriptions!.Matching(item.EventName, item.After))
                {
                    if (item.Deliveries == MaxDeliveries || time.GetElapsedTime(started) >= MaxTime)
                    {
                        unfinished.Add((item, after));
                        break;
                    }

                    item.Deliveries++;
                    after = subscription.ToString();
                    await sender.AddAsync(item, Delivery(item, subscription), cancellationToken);
                }
            }

            await NoteFailuresAsync(sender, cancellationToken);
        }

        using var continuations = new BatchedSender<FanOutItem>(copies, ParallelSends);
        foreach (var (item, after) in unfinished.Where(rest => rest.Item.IsOpen))
        {
            await continuations.AddAsync(item, EventMessage.Continue(item, after), cancellationToken);
        }

        await NoteFailuresAsync(continuations, cancellationToken);
    }

    private static ServiceBusMessage Delivery(FanOutItem item, SubscriptionId subscription) => new DeliveryMessage
    {
        OrganizationId = item.Organization,
        SubscriptionId = subscription,
        EventId = item.EventId,
        EventName = item.EventName,
        PublishedAt = item.PublishedAt,
        TraceParent = item.Activity?.Id ?? item.TraceParent,
    }.ToServiceBusMessage(item.Payload);

    // Events that met trouble of ours are tried again later, each for itself. One that met a mistake in the program is left to its message's delivery count.
    private async Task PutOffAsync(FanOutItem[] items, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        using var sender = new BatchedSender<FanOutItem>(copies, ParallelSends);
        foreach (var item in items.Where(item => item.Failure is not null))
        {
            if (!TransientFaults.Is(item.Failure!))
            {
                Log.Failed(logger, item.Failure!, item.EventId, item.Organization);
                continue;
            }

            Log.PutOff(logger, item.Failure!, item.EventId, item.Organization, item.Hold + 1);
            metrics.MessageHeld(QueueOf(item), AppMetrics.HeldForTrouble);
            item.IsPutOff = true;
            await sender.AddAsync(item, EventMessage.PutOff(item, now + TransientFaults.Wait(item.Hold, random)), cancellationToken);
        }

        foreach (var (item, exception) in await sender.FinishAsync(cancellationToken))
        {
            Log.Stuck(logger, exception, item.EventId, item.Organization);
            item.IsPutOff = false;
        }
    }

    private static string QueueOf(FanOutItem item) => item.IsCopy ? QueueNames.FanOut : QueueNames.Events;

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
