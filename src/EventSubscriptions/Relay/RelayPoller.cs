using System.Collections.Concurrent;
using EventSubscriptions.Audit;
using EventSubscriptions.Telemetry;
using Microsoft.Extensions.Logging;
using EventId = EventSubscriptions.Events.EventId;

namespace EventSubscriptions.Relay;

/// <summary>
/// Reads what has become visible at Relay since the last poll, puts it on the queue, and keeps how far that is. A page is on the queue before
/// the state says so: whatever happens in between, the next poll reads it again, and the queue and receivers know the events by their ids.
/// </summary>
public sealed partial class RelayPoller(
    RelayClient client,
    RelayStore store,
    RelayPublisher publisher,
    AuditLog audit,
    AppMetrics metrics,
    RelayOptions options,
    TimeProvider time,
    ILogger<RelayPoller> logger)
{
    /// <summary>How far back the first poll goes: as far as Relay does by itself.</summary>
    public static readonly TimeSpan FirstSpan = TimeSpan.FromDays(7);

    /// <summary>So many known events that won't come again are forgotten in the middle of a poll.</summary>
    private const int ManyExpired = 1000;

    /// <summary>How much longer a poll may take to get further than the one before.</summary>
    private static readonly TimeSpan s_grace = TimeSpan.FromMinutes(4);

    /// <summary>For when our own table can't be read.</summary>
    private readonly ConcurrentDictionary<string, DateTimeOffset> _behindSince = new(StringComparer.Ordinal);

    /// <summary>How long a poll begins new pages once it has got further than the one before. What is left then goes on with the next.</summary>
    internal TimeSpan Budget { get; init; } = TimeSpan.FromSeconds(50);

    /// <summary>
    /// Polls once. What Relay does wrong is kept in the state and audited; trouble with our own tables and queues is thrown. A poll that finds that
    /// another has gone on from the same state ends at once.
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
        await AuditChangeAsync(poll, cancellationToken);
        if (poll.State.Failure?.RestUntil > poll.StartedAt)
        {
            return;
        }

        if (!await ReadAsync(poll, cancellationToken))
        {
            Log.Overtaken(logger, id);
            return;
        }

        await AuditChangeAsync(poll, cancellationToken);
        await ForgetAsync(poll, minimum: 1, cancellationToken);
    }

    private async Task AuditChangeAsync(Poll poll, CancellationToken cancellationToken)
    {
        if (poll.State.IsUnaudited)
        {
            await audit.AppendAsync(RelayAudit.Changed(poll.Subscriber, poll.State, client.UrlOf(poll.Subscriber), time), cancellationToken);
        }
    }

    /// <summary>Up to when everything has been read. Before that can be known: since when polls fail, or this instance has polled.</summary>
    private DateTimeOffset BehindSince(Poll poll)
    {
        var known = poll.State.ReadUpTo ?? poll.State.FailingSince;
        return _behindSince.AddOrUpdate(poll.Subscriber.Id, known ?? poll.StartedAt, (_, before) => known ?? before);
    }

    /// <summary>Reads page after page. False where another poll was faster.</summary>
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
                    return await FailAsync(poll, new RelayFailure(RelayFailure.TooLarge, $"An answer of {pager.Limit} events has more than {RelayClient.MaxResponseBytes >> 20} MiB."), cancellationToken);
                case RelayResponse.Failed failed:
                    return await FailAsync(poll, failed.Failure, cancellationToken);
                case RelayResponse.Events { Page: var page }:
                    var asked = pager.Oldest;
                    var fresh = await AcceptAsync(poll, page, asked, cancellationToken);
                    var step = pager.Take(page);
                    isDisordered |= step.Disorder is not null || (poll.State.IsDisordered && !page.IsInOrder);
                    if (step is RelayStep.Stuck stuck)
                    {
                        return await KeepAsync(poll, poll.State, fresh, cancellationToken)
                            && await FailAsync(poll, new RelayFailure(RelayFailure.Malformed, stuck.Problem), cancellationToken);
                    }

                    var state = await AdvanceAsync(poll, step, pager.Oldest, cancellationToken);
                    gotFurther ??= state.Cursor == beginning ? null : began;
                    var isOver = time.GetElapsedTime(poll.Started) >= Budget + s_grace || (gotFurther is { } since && time.GetElapsedTime(since) >= Budget);
                    if (step is RelayStep.End || isOver)
                    {
                        var now = time.GetUtcNow();
                        var readUpTo = step is RelayStep.End ? poll.StartedAt : state.Cursor ?? WindowOf(poll);
                        return await KeepAsync(poll, state.Succeeded(now, readUpTo) with { IsDisordered = isDisordered }, fresh, cancellationToken);
                    }

                    if ((fresh.Count > 0 || state != poll.State) && !await KeepAsync(poll, state, fresh, cancellationToken))
                    {
                        return false;
                    }

                    await ForgetAsync(poll, ManyExpired, cancellationToken);
                    break;
                default:
                    throw new NotSupportedException("Relay's answer is of no known kind.");
            }
        }
    }

    /// <summary>Puts the events of a page that are new on the queue. What is older than the window has been read, or wasn't asked for.</summary>
    /// <returns>Those to be remembered, and as of when: the new ones, and those that say no time and are shown again.</returns>
    private async Task<IReadOnlyList<(EventId Id, DateTimeOffset At)>> AcceptAsync(Poll poll, RelayPage page, DateTimeOffset asked, CancellationToken cancellationToken)
    {
        var window = WindowOf(poll);
        var undated = page.Newest > asked ? page.Newest.Value : asked;
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

        // Where the page was in order it stays so: the sort is stable.
        await publisher.PublishAsync(poll.Subscriber, fresh.Values.OrderBy(item => item.At).Select(item => item.Event), cancellationToken);
        metrics.RelayEventsRead(poll.Subscriber.Id, fresh.Count);
        (EventId Id, DateTimeOffset At)[] remembered = [.. fresh.Select(item => (item.Key, item.Value.At)), .. again.Select(item => (item.Key, item.Value))];
        foreach (var (id, at) in remembered)
        {
            poll.Seen[id] = at;
        }

        return remembered;
    }

    /// <summary>What the state is after a page. The audit log knows of a gap before the state does.</summary>
    private async Task<RelayState> AdvanceAsync(Poll poll, RelayStep step, DateTimeOffset goesOnAt, CancellationToken cancellationToken)
    {
        var (state, now) = (poll.State, time.GetUtcNow());
        if (step.ReadUpTo is { } readUpTo)
        {
            // Not the present: what became visible since the poll began has not all been looked for.
            var reached = readUpTo < poll.StartedAt ? readUpTo : poll.StartedAt;
            state = state with { Cursor = state.Cursor > reached ? state.Cursor : reached };
        }

        if (step is RelayStep.More { Gap: { } gap } && !(gap.At <= state.LastGapAt))
        {
            Log.Gap(logger, poll.Subscriber.Id, gap.At, gap.Count);
            await audit.AppendAsync(RelayAudit.GapOfMoment(poll.Subscriber, gap, goesOnAt, client.UrlOf(poll.Subscriber), now), cancellationToken);
            state = state with { LastGapAt = gap.At };
        }

        if (step.Disorder is { } disorder && !state.IsDisordered)
        {
            Log.Disorder(logger, poll.Subscriber.Id, disorder.Count);
            await audit.AppendAsync(RelayAudit.GapOfOrder(poll.Subscriber, disorder, client.UrlOf(poll.Subscriber), now), cancellationToken);
            state = state with { IsDisordered = true };
        }

        return state;
    }

    private async Task<bool> FailAsync(Poll poll, RelayFailure failure, CancellationToken cancellationToken)
    {
        if (failure.State != poll.State.Failure?.State)
        {
            Log.Failed(logger, poll.Subscriber.Id, failure.Kind, failure.Detail);
        }

        return await KeepAsync(poll, poll.State.Failed(time.GetUtcNow(), failure), [], cancellationToken);
    }

    /// <summary>Stores the state and what was read; of that no more than may be read again. False where another poll was faster.</summary>
    private async Task<bool> KeepAsync(Poll poll, RelayState state, IReadOnlyList<(EventId Id, DateTimeOffset At)> fresh, CancellationToken cancellationToken)
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

    /// <summary>Forgets the events that no poll will ask for any more, where they are enough to be worth it.</summary>
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

    /// <summary>From when on a poll in this state asks for events.</summary>
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
        [LoggerMessage(LogLevel.Warning, "Polling subscriber {Subscriber} of Relay fails ({Kind}): {Detail}")]
        public static partial void Failed(ILogger logger, string subscriber, string kind, string detail);

        [LoggerMessage(LogLevel.Information, "Polling subscriber {Subscriber} of Relay works again.")]
        public static partial void Recovered(ILogger logger, string subscriber);

        [LoggerMessage(LogLevel.Warning, "Events of subscriber {Subscriber} of Relay may be missing: it has more of {At:O} than the {Count} that it answers with.")]
        public static partial void Gap(ILogger logger, string subscriber, DateTimeOffset at, int count);

        [LoggerMessage(LogLevel.Warning, "Events of subscriber {Subscriber} of Relay may be missing: answers are in no order, and one of {Count} events may not have held all.")]
        public static partial void Disorder(ILogger logger, string subscriber, int count);

        [LoggerMessage(LogLevel.Information, "A poll of subscriber {Subscriber} of Relay ended early: another one has gone on from where it began.")]
        public static partial void Overtaken(ILogger logger, string subscriber);
    }
}
