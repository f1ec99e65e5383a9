using Azure.Data.Tables;
using EventSubscriptions.Audit;
using EventSubscriptions.Storage;

namespace EventSubscriptions.Replays;

/// <summary>The audit entries of a replay. Their keys are fixed, so writing one again changes nothing.</summary>
internal static class ReplayAudit
{
    public static TableEntity Started(Replay replay, TimeProvider time) =>
        Row(
            replay,
            new AuditEntry
            {
                Type = AuditType.ReplayStarted,
                Timestamp = replay.CreatedAt,
                OrganizationId = replay.OrganizationId,
                SubscriptionId = replay.SubscriptionId,
                Actor = replay.StartedBy,
                Changes = Changes(
                    ("replay", replay.Id.ToString()),
                    ("from", replay.From),
                    ("to", replay.To),
                    ("events", replay.Events),
                    ("only", replay.Only.ToName()),
                    ("dryRun", replay.DryRun)
                ),
            },
            time
        );

    public static TableEntity Ended(Replay replay, TimeProvider time) =>
        Row(
            replay,
            new AuditEntry
            {
                Type = AuditType.ReplayEnded,
                Timestamp = replay.EndedAt!.Value,
                OrganizationId = replay.OrganizationId,
                SubscriptionId = replay.SubscriptionId,
                Actor = replay.CancelledBy,
                Changes = Changes(
                    ("replay", replay.Id.ToString()),
                    ("state", replay.State.ToName()),
                    ("dryRun", replay.DryRun),
                    ("matched", replay.Matched),
                    ("sent", replay.Sent)
                ),
                Error = replay.Failure is { } failure ? new AuditError(failure.Kind, failure.Detail, Hint(failure.Kind)) : null,
            },
            time
        );

    private static TableEntity Row(Replay replay, AuditEntry entry, TimeProvider time) =>
        AuditRow.Copy(AuditRow.Make(entry, time), $"{InvertedTicks.Format(entry.Timestamp)}:{replay.Id.Unique}");

    private static Dictionary<string, AuditChange> Changes(params IEnumerable<(string Name, object? Value)> values) =>
        values
            .Where(value => value.Value is not null)
            .ToDictionary(value => value.Name, value => new AuditChange(null, value.Value), StringComparer.Ordinal);

    private static string Hint(string kind) =>
        kind switch
        {
            ReplayFailure.SubscriptionInactive =>
                "Activate the subscription, then start another replay; with only = missed it skips delivered events.",
            ReplayFailure.SubscriptionDeleted => "Nothing to do, unless the subscription was deleted by mistake.",
            ReplayFailure.Stalled =>
                "The app stopped before the next slice was queued, or Service Bus was unavailable for a day. Start another replay; with only = missed it skips delivered events.",
            ReplayFailure.NotQueued => "Service Bus was unavailable. Start another replay.",
            _ => "The app failed on this replay repeatedly. Its log has the reason; start another replay after the cause is fixed.",
        };
}
