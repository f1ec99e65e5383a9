using System.Collections.Concurrent;
using EventSubscriptions.Deliveries.Log;
using EventSubscriptions.Events.Archive;
using EventSubscriptions.Subscriptions;

namespace EventSubscriptions.Replays;

/// <summary>Finds the events that a replay is about, newest first, some at a time.</summary>
public sealed class ReplaySearch(EventArchive archive, DeliveryLog log)
{
    /// <summary>Storage and this app may disagree about the time by less than this.</summary>
    private static readonly TimeSpan s_clockSkew = TimeSpan.FromMinutes(10);

    /// <summary>How many replays go on where their step before has ended. Others read the delivery log from its end again.</summary>
    private const int MaxReadings = 4;

    private readonly ConcurrentDictionary<ReplayId, Reading> _readings = new();

    /// <summary>How many events one step looks at.</summary>
    internal int Step { get; init; } = 20_000;

    /// <summary>How many outcomes are kept from one step to the next: some 30 MB.</summary>
    internal int Capacity { get; init; } = 200_000;

    /// <summary>How many rows of the delivery log one step reads, so that it ends well before its message is delivered again: some minutes' worth.</summary>
    internal int StepRows { get; init; } = 1_000_000;

    /// <summary>Looks at the next events of the archive. What it finds depends on nothing that the replay itself does.</summary>
    /// <param name="replay">What is asked for.</param>
    /// <param name="subscription">Whose events they are to be.</param>
    /// <param name="after">Where the step before has ended, or null for the first.</param>
    /// <param name="logRows">How many rows of the delivery log the step before had read. One that must start over reads further than that, so that there is an end.</param>
    /// <param name="cancellationToken">Ends the search.</param>
    internal async Task<ReplayFindings> RunAsync(Replay replay, Subscription subscription, string? after, long logRows, CancellationToken cancellationToken)
    {
        var page = await archive.ListAsync(replay.OrganizationId, replay.From, replay.To, after, Step, cancellationToken);
        var wanted = page.Events.Where(pointer => replay.Wants(subscription, pointer.EventName)).ToList();
        if (replay.Only == ReplaySelection.All)
        {
            return new ReplayFindings(wanted, page.Last, page.Last is null, LogRows: 0);
        }

        // A step that is done again finds that the reading has gone on without it.
        var outcomes = _readings.TryRemove(replay.Id, out var reading) && reading.After == after
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

        return new ReplayFindings(selected, page.Last, page.Last is null, outcomes.IsWhole ? outcomes.Rows : 0);
    }

    /// <summary>Null where the log must be read further first.</summary>
    private static async Task<List<EventPointer>?> SelectAsync(
        Replay replay, Subscription subscription, List<EventPointer> wanted, LatestOutcomeReader outcomes, long mostRows, CancellationToken cancellationToken)
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

        bool? selected = replay.Only == ReplaySelection.Missed ? null : false;
        return [.. wanted.Where(pointer => outcomes.Take(pointer.Id.ToString()) == selected)];
    }

    private void Keep(ReplayId replay, Reading reading)
    {
        // Those that were cancelled are never taken out.
        if (_readings.Count >= MaxReadings)
        {
            _readings.Clear();
        }

        _readings[replay] = reading;
    }

    /// <param name="After">Where the step before has ended.</param>
    /// <param name="Outcomes">What was read up to there.</param>
    private sealed record Reading(string? After, LatestOutcomeReader Outcomes);
}

/// <summary>What a step has found.</summary>
/// <param name="Events">Newest first.</param>
/// <param name="Next">Where the next step begins: where this one did, if it came to no end.</param>
/// <param name="IsLast">Whether there is no next step.</param>
/// <param name="LogRows">How many rows of the delivery log were read, over all steps that the next one goes on from.</param>
internal sealed record ReplayFindings(IReadOnlyList<EventPointer> Events, string? Next, bool IsLast, long LogRows);
