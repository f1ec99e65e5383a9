using EventSubscriptions.Deliveries;
using EventSubscriptions.Events;
using EventSubscriptions.Subscriptions;

namespace EventSubscriptions.Replays;

/// <summary>Finds the events that a replay is about, newest first, some at a time.</summary>
public sealed class ReplaySearch(EventArchive archive, DeliveryLog log)
{
    /// <summary>Storage and this app may disagree about the time by less than this.</summary>
    private static readonly TimeSpan s_clockSkew = TimeSpan.FromMinutes(10);

    /// <summary>How many events one step looks at. The delivery log is read once a step, so that a few large ones cost less than many small ones.</summary>
    internal int Step { get; init; } = 20_000;

    /// <summary>Looks at the next events of the archive. What it finds depends on nothing that the replay itself does.</summary>
    /// <param name="replay">What is asked for.</param>
    /// <param name="subscription">Whose events they are to be.</param>
    /// <param name="after">Where the step before has ended, or null for the first.</param>
    /// <param name="cancellationToken">Ends the search.</param>
    internal async Task<ReplayFindings> RunAsync(Replay replay, Subscription subscription, string? after, CancellationToken cancellationToken)
    {
        var page = await archive.ListAsync(replay.OrganizationId, replay.From, replay.To, after, Step, cancellationToken);
        var wanted = page.Events.Where(pointer => replay.Wants(subscription, pointer.EventName)).ToList();
        if (replay.Only == ReplaySelection.All || wanted.Count == 0)
        {
            return new ReplayFindings(wanted, page.Last);
        }

        // No attempt is older than its event, or than the subscription.
        var oldest = wanted[^1].At > subscription.CreatedAt ? wanted[^1].At : subscription.CreatedAt;
        var ids = wanted.Select(pointer => pointer.Id.ToString()).ToHashSet(StringComparer.Ordinal);
        var outcomes = await log.LastOutcomesAsync(subscription.Id, ids, oldest - s_clockSkew, replay.CreatedAt + s_clockSkew, cancellationToken);
        return new ReplayFindings([.. wanted.Where(pointer => IsSelected(replay.Only, outcomes.GetValueOrDefault(pointer.Id.ToString())))], page.Last);
    }

    private static bool IsSelected(string only, string? lastOutcome) =>
        only == ReplaySelection.Missed ? lastOutcome is null : lastOutcome is not (null or DeliveryOutcome.Delivered);
}

/// <summary>What a step has found.</summary>
/// <param name="Events">Newest first.</param>
/// <param name="Last">Where the next step begins, or null where this was the last.</param>
internal sealed record ReplayFindings(IReadOnlyList<EventPointer> Events, string? Last);
