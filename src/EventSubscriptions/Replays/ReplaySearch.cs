using System.Collections.Concurrent;
using EventSubscriptions.Deliveries.Log;
using EventSubscriptions.Deliveries.Outcome;
using EventSubscriptions.Events.Archive;
using EventSubscriptions.Events.Catalogue;
using EventSubscriptions.Subscriptions;

namespace EventSubscriptions.Replays;

/// <summary>Finds the events of a replay, newest first, in steps.</summary>
public sealed class ReplaySearch(EventArchive archive, DeliveryLog log, EventTypes types)
{
    /// <summary>The clocks of storage and this app differ by less than this.</summary>
    private static readonly TimeSpan s_clockSkew = TimeSpan.FromMinutes(10);

    /// <summary>How many replays continue where their previous step ended. Others read the delivery log from its end again.</summary>
    private const int MaxReadings = 4;

    private readonly ConcurrentDictionary<ReplayId, Reading> _readings = new();

    /// <summary>How many events one step reads.</summary>
    internal int Step { get; init; } = 20_000;

    /// <summary>How many outcomes are kept between steps: about 30 MB.</summary>
    internal int Capacity { get; init; } = 200_000;

    /// <summary>
    /// How many rows of the delivery log one step reads: some minutes' worth, so that it ends well before its message is redelivered.
    /// </summary>
    internal int StepRows { get; init; } = 1_000_000;

    /// <summary>Searches the next events of the archive. The result does not depend on what the replay itself does.</summary>
    /// <param name="after">Where the previous step ended, or null for the first.</param>
    /// <param name="logRows">How many rows of the delivery log the previous step had read. A step that starts over reads further than that,
    /// so that it ends at some point.</param>
    internal async Task<ReplayFindings> RunAsync(
        Replay replay,
        Subscription subscription,
        string? after,
        long logRows,
        CancellationToken cancellationToken
    )
    {
        var page = await archive.ListAsync(replay.OrganizationId, replay.From, replay.To, after, Step, cancellationToken);
        var catalogue = await types.GetAsync(cancellationToken);
        var wanted = page.Events.Where(pointer => replay.Wants(subscription, pointer.EventName, catalogue)).ToList();
        if (replay.Only == ReplaySelection.All)
        {
            return new ReplayFindings(
                await FilterAsync(replay, subscription, wanted, cancellationToken),
                page.Last,
                page.Last is null,
                LogRows: 0
            );
        }

        // A step that runs again finds that reading has continued without it.
        var outcomes =
            _readings.TryRemove(replay.Id, out var reading) && reading.After == after
                ? reading.Outcomes
                : new LatestOutcomeReader(log, subscription.Id, replay.CreatedAt + s_clockSkew, Capacity);
        if (await SelectAsync(replay, subscription, wanted, outcomes, logRows + StepRows, cancellationToken) is not { } selected)
        {
            Keep(replay.Id, new Reading(after, outcomes));
            return new ReplayFindings([], after, IsLast: false, outcomes.Rows);
        }

        if (page.Last is not null && outcomes.IsWhole)
        {
            Keep(replay.Id, new Reading(page.Last, outcomes));
        }

        selected = await FilterAsync(replay, subscription, selected, cancellationToken);
        return new ReplayFindings(selected, page.Last, page.Last is null, outcomes.IsWhole ? outcomes.Rows : 0);
    }

    /// <summary>The events that the filter of the subscription accepts. Payloads are read only if there is one.</summary>
    private async Task<List<EventPointer>> FilterAsync(
        Replay replay,
        Subscription subscription,
        List<EventPointer> events,
        CancellationToken cancellationToken
    )
    {
        if (subscription.Filter is not { } filter || events.Count == 0)
        {
            return events;
        }

        var accepted = await archive.MatchAsync(replay.OrganizationId, events, filter.Matches, cancellationToken);
        return [.. events.Where((_, index) => accepted[index])];
    }

    /// <summary>Null if more of the log must be read first.</summary>
    private static async Task<List<EventPointer>?> SelectAsync(
        Replay replay,
        Subscription subscription,
        List<EventPointer> wanted,
        LatestOutcomeReader outcomes,
        long mostRows,
        CancellationToken cancellationToken
    )
    {
        if (wanted.Count == 0)
        {
            return [];
        }

        // No attempt is older than its event, or than the subscription.
        var oldest = wanted[^1].At > subscription.CreatedAt ? wanted[^1].At : subscription.CreatedAt;
        var ids = wanted.Select(pointer => pointer.Id.ToString()).ToHashSet(StringComparer.Ordinal);
        if (!await outcomes.ReadAsync(oldest - s_clockSkew, ids, mostRows, cancellationToken))
        {
            return null;
        }

        return [.. wanted.Where(pointer => IsSelected(replay.Only, outcomes.Take(pointer.Id.ToString())))];
    }

    private static bool IsSelected(ReplaySelection only, DeliveryOutcome? latest) =>
        only == ReplaySelection.Missed ? latest is null : latest is not (null or DeliveryOutcome.Delivered);

    private void Keep(ReplayId replay, Reading reading)
    {
        // Cancelled ones are never taken out.
        if (_readings.Count >= MaxReadings)
        {
            _readings.Clear();
        }

        _readings[replay] = reading;
    }

    /// <param name="After">Where the previous step ended.</param>
    /// <param name="Outcomes">What was read up to there.</param>
    private sealed record Reading(string? After, LatestOutcomeReader Outcomes);
}

/// <summary>The result of a step.</summary>
/// <param name="Events">Newest first.</param>
/// <param name="Next">Where the next step starts: where this one did, if it did not finish.</param>
/// <param name="IsLast">Whether this was the last step.</param>
/// <param name="LogRows">How many rows of the delivery log were read so far.</param>
internal sealed record ReplayFindings(IReadOnlyList<EventPointer> Events, string? Next, bool IsLast, long LogRows);
