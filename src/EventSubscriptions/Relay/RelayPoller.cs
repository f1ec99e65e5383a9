using System.Collections.Concurrent;
using EventSubscriptions.Audit;
using EventSubscriptions.Telemetry;
using Microsoft.Extensions.Logging;
using EventId = EventSubscriptions.Events.EventId;

namespace EventSubscriptions.Relay;

/// <summary>
/// Reads what has become visible at Relay since the last poll, queues it, and stores the position. A page is queued before its position is
/// stored: if the process dies in between, the next poll reads it again, and the archive and receivers recognize the events by their ids.
/// </summary>
public sealed partial class RelayPoller(
    RelayClient client,
    RelayStore store,
    RelayPublisher publisher,
    AuditLog audit,
    AppMetrics metrics,
    RelayOptions options,
    TimeProvider time,
    ILogger<RelayPoller> logger
)
{
    /// <summary>How far back the first poll reads: Relay's own default.</summary>
    public static readonly TimeSpan FirstSpan = TimeSpan.FromDays(7);

    /// <summary>When a poll forgets known events that won't be returned again.</summary>
    private const int ManyExpired = 1000;

    /// <summary>How much longer a poll may run to get further than the previous one.</summary>
    private static readonly TimeSpan s_grace = TimeSpan.FromMinutes(4);

    /// <summary>If our own table can't be read.</summary>
    private readonly ConcurrentDictionary<string, DateTimeOffset> _behindSince = new(StringComparer.Ordinal);

    /// <summary>How long a poll starts new pages once it has got further than the previous one. The next poll continues.</summary>
    internal TimeSpan Budget { get; init; } = TimeSpan.FromSeconds(50);

    /// <summary>
    /// Polls once. Failures of Relay are stored and audited; faults of our own tables and queues are thrown. A poll ends at once if another
    /// has continued from the same state.
    /// </summary>
    public async Task PollAsync(RelaySubscriber subscriber, CancellationToken cancellationToken)
    {
        var poll = new Poll(subscriber, time.GetUtcNow(), time.GetTimestamp());
        try
        {
            await PollAsync(poll, cancellationToken);
        }
        finally
        {
            metrics.RelayPolled(subscriber.Id, time.GetUtcNow() - BehindSince(poll));
        }
    }

    private async Task PollAsync(Poll poll, CancellationToken cancellationToken)
    {
        // In this order: what another poll forgets in between is older than the state that is read then.
        var id = poll.Subscriber.Id;
        poll.Seen = await store.ListSeenAsync(id, cancellationToken);
        poll.State = await store.GetAsync(id, cancellationToken);
        await ReportChangeAsync(poll, cancellationToken);
        if (poll.State.Failure?.CooldownUntil > poll.StartedAt)
        {
            return;
        }

        if (!await ReadAsync(poll, cancellationToken))
        {
            Log.Conflict(logger, id);
            return;
        }

        await ReportChangeAsync(poll, cancellationToken);
        await ForgetAsync(poll, minimum: 1, cancellationToken);
    }

    private async Task ReportChangeAsync(Poll poll, CancellationToken cancellationToken)
    {
        if (poll.State.IsUnaudited)
        {
            await publisher.ReportChangeAsync(poll.Subscriber, poll.State, cancellationToken);
        }
    }

    /// <summary>Up to when everything was read; before that is known, since when polls fail or this instance has polled.</summary>
    private DateTimeOffset BehindSince(Poll poll)
    {
        var known = poll.State.ReadUpTo ?? poll.State.FailingSince;
        return _behindSince.AddOrUpdate(poll.Subscriber.Id, known ?? poll.StartedAt, (_, before) => known ?? before);
    }

    /// <summary>Reads page after page. Returns false if another poll was faster.</summary>
    private async Task<bool> ReadAsync(Poll poll, CancellationToken cancellationToken)
    {
        var pager = new RelayPager(WindowOf(poll));
        var beginning = poll.State.Cursor;
        long? gotFurther = null;
        var isDisordered = false;
        while (true)
        {
            var began = time.GetTimestamp();
            switch (await client.GetAsync(poll.Subscriber, pager.Oldest, pager.Limit, cancellationToken))
            {
                case RelayResponse.TooLarge when pager.TryAskForLess():
                case RelayResponse.Failed { Failure.MayBeForLimit: true } when pager.Limit > RelayPager.FirstLimit && pager.TryAskForLess():
                    break;
                case RelayResponse.TooLarge:
                    return await FailAsync(
                        poll,
                        new RelayFailure(
                            RelayErrorKind.TooLarge,
                            $"A response with {pager.Limit} events has more than {RelayClient.MaxResponseBytes >> 20} MiB."
                        ),
                        cancellationToken
                    );
                case RelayResponse.Failed failed:
                    return await FailAsync(poll, failed.Failure, cancellationToken);
                case RelayResponse.Events { Page: var page }:
                    var requested = pager.Oldest;
                    var fresh = await AcceptAsync(poll, page, requested, cancellationToken);
                    var step = pager.Take(page);
                    isDisordered |= step.Disorder is not null || (poll.State.IsDisordered && !page.IsInOrder);
                    if (step is RelayStep.Stuck stuck)
                    {
                        return await KeepAsync(poll, poll.State, fresh, cancellationToken)
                            && await FailAsync(poll, new RelayFailure(RelayErrorKind.Malformed, stuck.Problem), cancellationToken);
                    }

                    var state = await AdvanceAsync(poll, step, pager.Oldest, cancellationToken);
                    gotFurther ??= state.Cursor == beginning ? null : began;
                    var isOver =
                        time.GetElapsedTime(poll.Started) >= Budget + s_grace
                        || (gotFurther is { } since && time.GetElapsedTime(since) >= Budget);
                    if (step is RelayStep.End || isOver)
                    {
                        var now = time.GetUtcNow();
                        var readUpTo = step is RelayStep.End ? poll.StartedAt : state.Cursor ?? WindowOf(poll);
                        return await KeepAsync(
                            poll,
                            state.Succeeded(now, readUpTo) with
                            {
                                IsDisordered = isDisordered,
                            },
                            fresh,
                            cancellationToken
                        );
                    }

                    if ((fresh.Count > 0 || state != poll.State) && !await KeepAsync(poll, state, fresh, cancellationToken))
                    {
                        return false;
                    }

                    await ForgetAsync(poll, ManyExpired, cancellationToken);
                    break;
                default:
                    throw new NotSupportedException("The response is of an unknown kind.");
            }
        }
    }

    /// <summary>Queues the new events of a page. Events older than the window were read before, or not requested.</summary>
    /// <returns>The events to remember and their times: the new ones, and those without a time that are returned again.</returns>
    private async Task<IReadOnlyList<(EventId Id, DateTimeOffset At)>> AcceptAsync(
        Poll poll,
        RelayPage page,
        DateTimeOffset requested,
        CancellationToken cancellationToken
    )
    {
        var window = WindowOf(poll);
        var undated = page.Newest > requested ? page.Newest.Value : requested;
        var fresh = new Dictionary<EventId, (RelayEvent Event, DateTimeOffset At)>();
        var again = new Dictionary<EventId, DateTimeOffset>();
        foreach (var item in page.Events)
        {
            var at = item.At ?? undated;
            if (!poll.Seen.TryGetValue(item.Id, out var known))
            {
                if (at >= window)
                {
                    fresh.TryAdd(item.Id, (item, at));
                }
            }
            else if (item.At is null && known < at)
            {
                again[item.Id] = at;
            }
        }

        // The sort is stable: an ordered page keeps its order.
        await publisher.PublishAsync(poll.Subscriber, fresh.Values.OrderBy(item => item.At).Select(item => item.Event), cancellationToken);
        metrics.RelayEventsRead(poll.Subscriber.Id, fresh.Count);
        (EventId Id, DateTimeOffset At)[] remembered =
        [
            .. fresh.Select(item => (item.Key, item.Value.At)),
            .. again.Select(item => (item.Key, item.Value)),
        ];
        foreach (var (id, at) in remembered)
        {
            poll.Seen[id] = at;
        }

        return remembered;
    }

    /// <summary>The state after a page. A gap is audited before the state is stored.</summary>
    private async Task<RelayState> AdvanceAsync(Poll poll, RelayStep step, DateTimeOffset goesOnAt, CancellationToken cancellationToken)
    {
        var (state, now) = (poll.State, time.GetUtcNow());
        if (step.ReadUpTo is { } readUpTo)
        {
            // Not now: what became visible since the poll started has not all been requested.
            var reached = readUpTo < poll.StartedAt ? readUpTo : poll.StartedAt;
            state = state with { Cursor = state.Cursor > reached ? state.Cursor : reached };
        }

        if (step is RelayStep.More { Gap: { } gap } && !(gap.At <= state.LastGapAt))
        {
            Log.Gap(logger, poll.Subscriber.Id, gap.At, gap.Count);
            await audit.AppendAsync(
                RelayAudit.GapOfMoment(poll.Subscriber, gap, goesOnAt, client.UrlOf(poll.Subscriber), now),
                cancellationToken
            );
            state = state with { LastGapAt = gap.At };
        }

        if (step.Disorder is { } disorder && !state.IsDisordered)
        {
            Log.Disorder(logger, poll.Subscriber.Id, disorder.Count);
            await audit.AppendAsync(
                RelayAudit.GapOfOrder(poll.Subscriber, disorder, client.UrlOf(poll.Subscriber), now),
                cancellationToken
            );
            state = state with { IsDisordered = true };
        }

        return state;
    }

    private async Task<bool> FailAsync(Poll poll, RelayFailure failure, CancellationToken cancellationToken)
    {
        if (failure.State != poll.State.Failure?.State)
        {
            Log.Failed(logger, poll.Subscriber.Id, failure.Kind.ToName(), failure.Detail);
        }

        return await KeepAsync(poll, poll.State.Failed(time.GetUtcNow(), failure), [], cancellationToken);
    }

    /// <summary>Stores the state and the events that may be read again. Returns false if another poll was faster.</summary>
    private async Task<bool> KeepAsync(
        Poll poll,
        RelayState state,
        IReadOnlyList<(EventId Id, DateTimeOffset At)> fresh,
        CancellationToken cancellationToken
    )
    {
        if (poll.State.Failure is not null && state is { Failure: null, LastSuccessAt: not null })
        {
            Log.Recovered(logger, poll.Subscriber.Id);
        }

        var window = WindowOf(poll, state);
        if (await store.TryPutAsync(poll.Subscriber.Id, state, fresh.Where(item => item.At >= window), cancellationToken) is not { } stored)
        {
            return false;
        }

        poll.State = stored;
        return true;
    }

    /// <summary>Forgets the events that no poll will request again, if there are enough to be worth it.</summary>
    private async Task ForgetAsync(Poll poll, int minimum, CancellationToken cancellationToken)
    {
        var window = WindowOf(poll);
        EventId[] expired = [.. poll.Seen.Where(item => item.Value < window).Select(item => item.Key)];
        if (expired.Length >= minimum)
        {
            await store.RemoveSeenAsync(poll.Subscriber.Id, window, cancellationToken);
            Array.ForEach(expired, id => poll.Seen.Remove(id));
        }
    }

    private DateTimeOffset WindowOf(Poll poll) => WindowOf(poll, poll.State);

    /// <summary>The time from which a poll in this state requests events.</summary>
    private DateTimeOffset WindowOf(Poll poll, RelayState state) =>
        Microseconds(state.Cursor is { } cursor ? cursor - options.Overlap : poll.StartedAt - FirstSpan);

    private static DateTimeOffset Microseconds(DateTimeOffset time) => time.AddTicks(-(time.UtcTicks % TimeSpan.TicksPerMicrosecond));

    private sealed class Poll(RelaySubscriber subscriber, DateTimeOffset startedAt, long started)
    {
        public RelaySubscriber Subscriber => subscriber;

        public Dictionary<EventId, DateTimeOffset> Seen { get; set; } = [];

        public RelayState State { get; set; } = new();

        public DateTimeOffset StartedAt => startedAt;

        public long Started => started;
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "Polling Relay subscriber {Subscriber} fails ({Kind}): {Detail}")]
        public static partial void Failed(ILogger logger, string subscriber, string kind, string detail);

        [LoggerMessage(LogLevel.Information, "Polling Relay subscriber {Subscriber} has recovered.")]
        public static partial void Recovered(ILogger logger, string subscriber);

        [LoggerMessage(
            LogLevel.Warning,
            "Events of Relay subscriber {Subscriber} may be missing: Relay has more at {At:O} than the {Count} that it returns."
        )]
        public static partial void Gap(ILogger logger, string subscriber, DateTimeOffset at, int count);

        [LoggerMessage(
            LogLevel.Warning,
            "Events of Relay subscriber {Subscriber} may be missing: responses are not ordered, and a response with {Count} events may be incomplete."
        )]
        public static partial void Disorder(ILogger logger, string subscriber, int count);

        [LoggerMessage(
            LogLevel.Information,
            "A poll of Relay subscriber {Subscriber} ended early: another one has continued from the same state."
        )]
        public static partial void Conflict(ILogger logger, string subscriber);
    }
}
