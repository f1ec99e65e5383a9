using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Azure.Data.Tables;
using EventSubscriptions.Audit;
using EventSubscriptions.Events;
using EventSubscriptions.Queues;
using EventSubscriptions.Storage;

namespace EventSubscriptions.Relay;

/// <summary>The audit entries about Relay, in the log of the subscriber's organization.</summary>
internal static class RelayAudit
{
    /// <summary>A gap: more events at one moment than Relay returns.</summary>
    public const string Moment = "moment";

    /// <summary>A gap: responses that are not ordered by time.</summary>
    public const string Order = "order";

    /// <summary>The entry about the last change of state. Its key is fixed, so writing it again changes nothing.</summary>
    public static TableEntity Changed(RelaySubscriber subscriber, RelayState state, Uri url, TimeProvider time)
    {
        var entry = Entry(
            subscriber,
            url,
            state.Failure is null ? AuditType.RelayRecovered : AuditType.RelayFailed,
            state.ChangedAt!.Value
        ) with
        {
            StatusCode = state.Failure?.StatusCode,
            Error = state.Failure is { } failure ? new AuditError(failure.Kind.ToName(), failure.Detail, failure.Hint) : null,
            ResponseSnippet = state.Failure?.ResponseSnippet,
            Changes = Changes(
                ("subscriberId", null, subscriber.Id),
                ("failingSince", state.Failure is null ? state.FailingSince : null, state.Failure is null ? null : state.FailingSince)
            ),
        };
        var unique = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"relay\n{subscriber.Id}")).AsSpan(0, 13));
        return AuditRow.Copy(AuditRow.Make(entry, time), $"{InvertedTicks.Format(entry.Timestamp)}:{unique}");
    }

    /// <summary>More events at one moment than Relay returns.</summary>
    public static AuditEntry GapOfMoment(RelaySubscriber subscriber, RelayGap gap, DateTimeOffset goesOnAt, Uri url, DateTimeOffset at) =>
        Entry(subscriber, url, AuditType.RelayGap, at) with
        {
            Error = new AuditError(
                Moment,
                $"Relay has {Number(gap.Count)} events or more at {Text(gap.At)} and returns at most {Number(gap.Count)}: others of that moment may be missing.",
                "Compare that moment with the Relay Dash, and ask Relay to return more events at once."
            ),
            Changes = Changes(("subscriberId", null, subscriber.Id), ("oldest", gap.At, goesOnAt)),
        };

    /// <summary>Responses that are not ordered, of which a larger one is not available, or can't be shown to be complete.</summary>
    public static AuditEntry GapOfOrder(RelaySubscriber subscriber, RelayGap gap, Uri url, DateTimeOffset at) =>
        Entry(subscriber, url, AuditType.RelayGap, at) with
        {
            Error = new AuditError(
                Order,
                $"Relay's responses are not ordered by time, and a response with {Number(gap.Count)} events may be incomplete: others from before {Text(gap.At)} may be missing.",
                "This violates the Relay API: ask Relay about it. There is no further entry until its responses are ordered again."
            ),
            Changes = Changes(("subscriberId", null, subscriber.Id)),
        };

    /// <summary>An event that is too large to be delivered.</summary>
    public static AuditEntry TooLarge(RelaySubscriber subscriber, TranslatedEvent item, Uri url, DateTimeOffset at) =>
        Entry(subscriber, url, AuditType.EventDeadLettered, at) with
        {
            EventId = item.Event.Id.ToString(),
            EventName = item.EventName.ToString(),
            Error = new AuditError(
                nameof(DeadLetterReason.PayloadTooLarge),
                $"The Relay event has a payload of {Number(item.Event.Payload.Length)} bytes; at most {Number(EventPayload.MaxBytes)} are delivered.",
                "The event was not delivered: look it up at Relay by its id."
            ),
        };

    private static AuditEntry Entry(RelaySubscriber subscriber, Uri url, AuditType type, DateTimeOffset at) =>
        new()
        {
            Type = type,
            Timestamp = at,
            OrganizationId = subscriber.OrganizationId,
            Url = url.AbsoluteUri,
        };

    private static Dictionary<string, AuditChange> Changes(params IEnumerable<(string Name, object? From, object? To)> changes) =>
        changes
            .Where(change => change is not (_, null, null))
            .ToDictionary(change => change.Name, change => new AuditChange(change.From, change.To), StringComparer.Ordinal);

    private static string Text(DateTimeOffset time) =>
        time.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture);

    private static string Number(int number) => number.ToString(CultureInfo.InvariantCulture);
}
