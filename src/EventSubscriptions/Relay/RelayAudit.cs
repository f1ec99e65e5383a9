using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Azure.Data.Tables;
using EventSubscriptions.Audit;
using EventSubscriptions.Events;
using EventSubscriptions.Queues;
using EventSubscriptions.Storage;

namespace EventSubscriptions.Relay;

/// <summary>What the audit log says of Relay, in the log of the organization that the subscriber's events belong to.</summary>
internal static class RelayAudit
{
    /// <summary>The kind of a gap of more events at one moment than Relay answers with.</summary>
    public const string Moment = "moment";

    /// <summary>The kind of a gap of answers that are in no order.</summary>
    public const string Order = "order";

    /// <summary>The entry about the state's last change. Its key is its own, so that one that is written again is the same.</summary>
    public static TableEntity Changed(RelaySubscriber subscriber, RelayState state, Uri url, TimeProvider time)
    {
        var entry = Entry(subscriber, url, state.Failure is null ? AuditType.RelayRecovered : AuditType.RelayFailed, state.ChangedAt!.Value) with
        {
            StatusCode = state.Failure?.StatusCode,
            Error = state.Failure is { } failure ? new AuditError(failure.Kind, failure.Detail, failure.Hint) : null,
            ResponseSnippet = state.Failure?.ResponseSnippet,
            Changes = Changes(
                ("subscriberId", null, subscriber.Id),
                ("failingSince", state.Failure is null ? state.FailingSince : null, state.Failure is null ? null : state.FailingSince)),
        };
        var unique = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"relay\n{subscriber.Id}")).AsSpan(0, 13));
        return AuditRow.Copy(AuditRow.Make(entry, time), $"{InvertedTicks.Format(entry.Timestamp)}:{unique}");
    }

    /// <summary>More events of one moment than Relay answers with.</summary>
    public static AuditEntry GapOfMoment(RelaySubscriber subscriber, RelayGap gap, DateTimeOffset goesOnAt, Uri url, DateTimeOffset at) =>
        Entry(subscriber, url, AuditType.RelayGap, at) with
        {
            Error = new AuditError(
                Moment,
                $"Relay has {Number(gap.Count)} events or more of {Text(gap.At)}, and answers with {Number(gap.Count)} of them at most: others of that moment may be missing.",
                "Compare with the Relay Dash what happened at that moment, and ask Relay to answer with more events at once."),
            Changes = Changes(("subscriberId", null, subscriber.Id), ("oldest", gap.At, goesOnAt)),
        };

    /// <summary>Answers that are in no order, of which no more can be had at once, or nobody can tell whether they were whole.</summary>
    public static AuditEntry GapOfOrder(RelaySubscriber subscriber, RelayGap gap, Uri url, DateTimeOffset at) =>
        Entry(subscriber, url, AuditType.RelayGap, at) with
        {
            Error = new AuditError(
                Order,
                $"Relay's answers are not in the order of time, and one of {Number(gap.Count)} events may not have held all: others from before {Text(gap.At)} may be missing.",
                "This is not what the Relay API promises: ask Relay about it. There is no further entry until its answers have been in order again."),
            Changes = Changes(("subscriberId", null, subscriber.Id)),
        };

    /// <summary>An event that is too large to be passed on.</summary>
    public static AuditEntry TooLarge(RelaySubscriber subscriber, TranslatedEvent item, Uri url, DateTimeOffset at) =>
        Entry(subscriber, url, AuditType.EventDeadLettered, at) with
        {
            EventId = item.Event.Id.ToString(),
            EventName = item.EventName,
            Error = new AuditError(
                nameof(DeadLetterReason.PayloadTooLarge),
                $"The event of Relay makes a payload of {Number(item.Event.Payload.Length)} bytes; at most {Number(EventPayload.MaxBytes)} are delivered.",
                "Nobody was told of this event: look it up at Relay by its id."),
        };

    private static AuditEntry Entry(RelaySubscriber subscriber, Uri url, string type, DateTimeOffset at) =>
        new() { Type = type, Timestamp = at, OrganizationId = subscriber.OrganizationId, Url = url.AbsoluteUri };

    private static Dictionary<string, AuditChange> Changes(params IEnumerable<(string Name, object? From, object? To)> changes) =>
        changes.Where(change => change is not (_, null, null)).ToDictionary(change => change.Name, change => new AuditChange(change.From, change.To), StringComparer.Ordinal);

    private static string Text(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture);

    private static string Number(int number) => number.ToString(CultureInfo.InvariantCulture);
}
