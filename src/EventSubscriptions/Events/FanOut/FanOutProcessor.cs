using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.Json;
using Azure.Messaging.ServiceBus;
using EventSubscriptions.Deliveries;
using EventSubscriptions.Events.Archive;
using EventSubscriptions.Events.Catalogue;
using EventSubscriptions.Events.Publishing;
using EventSubscriptions.Organizations;
using EventSubscriptions.Queues;
using EventSubscriptions.Subscriptions;
using EventSubscriptions.Subscriptions.Filters;
using EventSubscriptions.Telemetry;
using Microsoft.Extensions.DependencyInjection;

namespace EventSubscriptions.Events.FanOut;

/// <summary>
/// Turns events into deliveries: archives each event, finds the subscriptions that match it, and queues a delivery for each. All of it may
/// be repeated after a crash: archiving is idempotent, and message ids let the queue drop repeated deliveries.
/// </summary>
public sealed class FanOutProcessor(
    EventArchive archive,
    SubscriptionIndex index,
    EventTypes types,
    [FromKeyedServices(QueueNames.FanOut)] ServiceBusSender continuations,
    [FromKeyedServices(QueueNames.Deliveries)] ServiceBusSender deliveries,
    AppMetrics metrics,
    AppTracing tracing,
    TimeProvider time
)
{
    /// <summary>
    /// The most deliveries of one event in one call. The rest is left to a continuation, so that no event delays the others of its batch.
    /// </summary>
    public const int MaxDeliveries = 5_000;

    /// <summary>
    /// How long one call creates deliveries, of the 5 minutes that its messages are locked. The rest is left to continuations.
    /// </summary>
    public static readonly TimeSpan MaxTime = TimeSpan.FromMinutes(3);

    private const int ParallelCalls = 64;
    private const int ParallelSends = 4;

    /// <summary>Fans out a batch of events. Throws nothing but cancellation; returns the settlement of each event, in order.</summary>
    public async Task<IReadOnlyList<Settlement>> ProcessAsync(IReadOnlyList<EventMessage> events, CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        var activities = Start(events);
        var catalogue = await types.GetAsync(cancellationToken);
        var archiving = ArchiveAsync(events, cancellationToken);
        var finding = FindSubscriptionsAsync(events, cancellationToken);
        var archived = await archiving;
        var subscriptions = await finding;

        var settlements = new Settlement[events.Count];
        List<MatchedEvent> matched = [];
        for (var i = 0; i < events.Count; i++)
        {
            switch (archived[i], subscriptions[events[i].Organization])
            {
                case ({ } unfinished, _):
                    settlements[i] = unfinished;
                    break;
                case (_, { Failure: { } failure }):
                    settlements[i] = new Settlement.Retry(failure);
                    break;
                case (_, var found):
                    var category = catalogue.CategoryOf(events[i].EventName.ToString());
                    matched.Add(new MatchedEvent(i, events[i], category, found.Subscriptions!, activities[i]?.Id ?? events[i].TraceParent));
                    break;
            }
        }

        var counts = await SendAsync(matched, settlements, started, cancellationToken);
        metrics.DeliveriesCreated(DeliveryRun.Event.ToString(), counts.Where((_, i) => settlements[i] is Settlement.Complete).Sum());
        End(activities, settlements, counts);
        return settlements;
    }

    /// <summary>Archives the events side by side. Returns null for each that is archived, and the settlement of each that is not.</summary>
    private async Task<Settlement?[]> ArchiveAsync(IReadOnlyList<EventMessage> events, CancellationToken cancellationToken)
    {
        var settlements = new Settlement?[events.Count];
        await ForEachAsync(
            Enumerable.Range(0, events.Count).Where(i => !events[i].IsArchived),
            async (i, cancel) =>
            {
                // A failure with one event must not reach the others of its batch.
                try
                {
                    settlements[i] = await ArchiveAsync(events[i], cancel);
                }
                catch (Exception exception) when (!cancel.IsCancellationRequested)
                {
                    settlements[i] = new Settlement.Retry(exception);
                }
            },
            cancellationToken
        );
        return settlements;
    }

    private async Task<Settlement?> ArchiveAsync(EventMessage item, CancellationToken cancellationToken)
    {
        var result = await archive.AddAsync(
            item.Organization,
            item.EventId,
            item.EventName,
            item.Source,
            item.Payload,
            item.PublishedAt,
            cancellationToken
        );
        if (result == ArchiveResult.Added)
        {
            metrics.EventPublished(item.Source.ToName());
        }

        return result == ArchiveResult.IdReused
            ? new Settlement.DeadLetter(
                DeadLetterReason.IdReused,
                $"The organization already has a different event with the id {item.EventId}."
            )
            : null;
    }

    /// <summary>
    /// Reads the subscriptions of each organization once, after the messages were received: a subscription that existed when the event was
    /// published is found.
    /// </summary>
    private async Task<IReadOnlyDictionary<OrganizationId, FoundSubscriptions>> FindSubscriptionsAsync(
        IReadOnlyList<EventMessage> events,
        CancellationToken cancellationToken
    )
    {
        var found = new ConcurrentDictionary<OrganizationId, FoundSubscriptions>();
        await ForEachAsync(
            events.Select(item => item.Organization).Distinct(),
            async (organization, cancel) =>
            {
                try
                {
                    found[organization] = new(await index.GetAsync(organization, cancel), Failure: null);
                }
                catch (Exception exception) when (!cancel.IsCancellationRequested)
                {
                    found[organization] = new(Subscriptions: null, exception);
                }
            },
            cancellationToken
        );
        return found;
    }

    /// <summary>Queues the deliveries and writes the settlement of each event. Returns how many deliveries each has.</summary>
    private async Task<int[]> SendAsync(
        List<MatchedEvent> events,
        Settlement[] settlements,
        long started,
        CancellationToken cancellationToken
    )
    {
        var counts = new int[settlements.Length];
        Dictionary<MatchedEvent, string?> unfinished = [];
        using var sender = new BatchedSender<MatchedEvent>(deliveries, ParallelSends);
        foreach (var item in events)
        {
            settlements[item.Position] = Settlement.Completed;
            var after = item.Event.After;
            foreach (var subscription in item.Matching())
            {
                if (counts[item.Position] == MaxDeliveries || time.GetElapsedTime(started) >= MaxTime)
                {
                    unfinished.Add(item, after);
                    break;
                }

                after = subscription.ToString();
                if (!item.Accepts(subscription))
                {
                    continue;
                }

                counts[item.Position]++;
                await sender.AddAsync(item, Delivery(item, subscription), cancellationToken);
            }
        }

        await RetryFailuresAsync(sender, settlements, cancellationToken);

        using var continuing = new BatchedSender<MatchedEvent>(continuations, ParallelSends);
        foreach (var (item, after) in unfinished.Where(pair => settlements[pair.Key.Position] is Settlement.Complete))
        {
            await continuing.AddAsync(item, item.Event.ToContinuation(after), cancellationToken);
        }

        await RetryFailuresAsync(continuing, settlements, cancellationToken);
        return counts;
    }

    private static async Task RetryFailuresAsync(
        BatchedSender<MatchedEvent> sender,
        Settlement[] settlements,
        CancellationToken cancellationToken
    )
    {
        foreach (var (item, exception) in await sender.FinishAsync(cancellationToken))
        {
            settlements[item.Position] = new Settlement.Retry(exception);
        }
    }

    private static ServiceBusMessage Delivery(MatchedEvent item, SubscriptionId subscription) =>
        new DeliveryMessage
        {
            OrganizationId = item.Event.Organization,
            SubscriptionId = subscription,
            EventId = item.Event.EventId,
            EventName = item.Event.EventName,
            PublishedAt = item.Event.PublishedAt,
            TraceParent = item.TraceParent,
            Payload = item.Event.Payload,
        }.ToServiceBusMessage();

    private Activity?[] Start(IReadOnlyList<EventMessage> events)
    {
        var current = Activity.Current;
        var activities = new Activity?[events.Count];
        for (var i = 0; i < activities.Length; i++)
        {
            activities[i] = tracing
                .StartFrom(events[i].TraceParent, "fan out", ActivityKind.Consumer)
                ?.SetTag(TraceTags.Organization, events[i].Organization.Value)
                .SetTag(TraceTags.Event, events[i].EventId.ToString());

            // The events of a batch are processed side by side: none of them is the current one.
            Activity.Current = current;
        }

        return activities;
    }

    private static void End(Activity?[] activities, Settlement[] settlements, int[] counts)
    {
        var current = Activity.Current;
        for (var i = 0; i < activities.Length; i++)
        {
            if (activities[i] is { } activity)
            {
                activity.SetTag(TraceTags.Count, counts[i]).SetTag(TraceTags.ErrorType, ErrorType(settlements[i]));
                activity.SetStatus(settlements[i] is Settlement.Complete ? ActivityStatusCode.Unset : ActivityStatusCode.Error);
                activity.Dispose();
            }
        }

        Activity.Current = current;
    }

    private static string? ErrorType(Settlement settlement) =>
        settlement switch
        {
            Settlement.DeadLetter deadLetter => deadLetter.Reason.ToString(),
            Settlement.Retry retry => retry.Cause.GetType().Name,
            _ => null,
        };

    private static Task ForEachAsync<T>(
        IEnumerable<T> items,
        Func<T, CancellationToken, ValueTask> body,
        CancellationToken cancellationToken
    ) =>
        Parallel.ForEachAsync(
            items,
            new ParallelOptions { MaxDegreeOfParallelism = ParallelCalls, CancellationToken = cancellationToken },
            body
        );

    private readonly record struct FoundSubscriptions(ActiveSubscriptions? Subscriptions, Exception? Failure);

    /// <summary>An archived event and the subscriptions to match it against.</summary>
    private sealed record MatchedEvent(
        int Position,
        EventMessage Event,
        string? Category,
        ActiveSubscriptions Subscriptions,
        string? TraceParent
    )
    {
        private JsonElement? _root;
        private FilterBudget? _budget;

        /// <summary>Whether the filter of a subscription accepts the payload, which is parsed only if there is one.</summary>
        public bool Accepts(SubscriptionId subscription) =>
            Subscriptions.FilterOf(subscription) is not { } filter
            || filter.Matches(_root ??= EventPayload.Parse(Event.Payload), _budget ??= new FilterBudget());

        public IEnumerable<SubscriptionId> Matching() => Subscriptions.Matching(Event.EventName, Category, Event.After);

        public bool Equals(MatchedEvent? other) => ReferenceEquals(this, other);

        public override int GetHashCode() => Position;
    }
}
