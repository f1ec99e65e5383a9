using Azure.Data.Tables;
using EventSubscriptions.Audit;
using EventSubscriptions.Storage;

namespace EventSubscriptions.Replays;

/// <summary>What the audit log says of a replay. Each entry has a key of its own, so that one that is written again is the same.</summary>
internal static class ReplayAudit
{
    public static TableEntity Started(Replay replay, TimeProvider time) => Row(
        replay,
        new AuditEntry
        {
            Type = AuditType.ReplayStarted,
            Timestamp = replay.CreatedAt,
            OrganizationId = replay.OrganizationId,
            SubscriptionId = replay.SubscriptionId,
            Actor = replay.StartedBy,
            Changes = Changes(
                ("replay", replay.Id.ToString()), ("from", replay.From), ("to", replay.To), ("events", replay.Events), ("only", replay.Only), ("dryRun", replay.DryRun)),
        },
        time);

    public static TableEntity Ended(Replay replay, TimeProvider time) => Row(
        replay,
        new AuditEntry
        {
            Type = AuditType.ReplayEnded,
            Timestamp = replay.EndedAt!.Value,
            OrganizationId = replay.OrganizationId,
            SubscriptionId = replay.SubscriptionId,
            Actor = replay.CancelledBy,
            Changes = Changes(
                ("replay", replay.Id.ToString()), ("state", replay.State), ("dryRun", replay.DryRun), ("matched", replay.Matched), ("sent", replay.Sent)),
            Error = replay.Failure is { } failure ? new AuditError(failure.Kind, failure.Detail, Hint(failure.Kind)) : null,
        },
        time);

    private static TableEntity Row(Replay replay, AuditEntry entry, TimeProvider time) =>
        AuditRow.Copy(AuditRow.Make(entry, time), $"{InvertedTicks.Format(entry.Timestamp)}:{replay.Id.Unique}");

    private static Dictionary<string, AuditChange> Changes(params IEnumerable<(string Name, object? Value)> values) =>
        values.Where(value => value.Value is not null).ToDictionary(value => value.Name, value => new AuditChange(null, value.Value), StringComparer.Ordinal);

    private static string Hint(string kind) => kind switch
    {
        ReplayFailure.SubscriptionInactive => "Activate the subscription, then start another replay; with only = missed it leaves out what has arrived.",
        ReplayFailure.SubscriptionDeleted => "There is nothing to do, unless the subscription was deleted by mistake.",
        ReplayFailure.Stalled =>
            "The app stopped before the next step was on its queue, or the queue could not be reached for a day. Start another replay; with only = missed it leaves out what has arrived.",
        ReplayFailure.NotQueued => "The queue could not be reached. Start another replay.",
        _ => "The app failed on this replay time and again. Its log says why; start another replay after it is repaired.",
    };
}
