using System.Globalization;
using Azure.Data.Tables;
using EventSubscriptions.Events;
using EventSubscriptions.Events.Archive;
using EventSubscriptions.Http;
using EventSubscriptions.Organizations;
using EventSubscriptions.Storage;

namespace EventSubscriptions.Replays;

/// <summary>
/// The rows of the table <c>replays</c>: a replay by id in the partition of its subscription; while it runs, a marker in the partition of
/// its organization; and each event that it found as <c>{ticks}:{eventId}</c>, oldest first, in its own partition.
/// </summary>
internal static class ReplayRow
{
    private const int TicksLength = 19;
    private const char EventSeparator = ',';

    public static TableEntity Make(Replay replay)
    {
        var row = new TableEntity(replay.SubscriptionId.ToString(), replay.Id.ToString())
        {
            ["organizationId"] = replay.OrganizationId.Value,
            ["from"] = replay.From,
            ["to"] = replay.To,
            ["only"] = replay.Only.ToName(),
            ["dryRun"] = replay.DryRun,
            ["state"] = replay.State.ToName(),
            ["matched"] = replay.Matched,
            ["sent"] = replay.Sent,
            ["slices"] = replay.Slices,
            ["createdAt"] = replay.CreatedAt,
            ["startedBy"] = replay.StartedBy.Name,
        };
        row.Set("events", replay.Events is null ? null : string.Join(EventSeparator, replay.Events));
        row.Set("endedAt", replay.EndedAt);
        row.Set("startedById", replay.StartedBy.Id);
        row.Set("cancelledBy", replay.CancelledBy?.Name);
        row.Set("cancelledById", replay.CancelledBy?.Id);
        row.Set("failureKind", replay.Failure?.Kind);
        row.Set("failureDetail", replay.Failure?.Detail);
        return row;
    }

    public static Replay Read(TableEntity row)
    {
        if (
            !SubscriptionId.TryParse(row.PartitionKey, out var subscription)
            || !ReplayId.TryParse(row.RowKey, out var id)
            || !OrganizationId.TryFrom(row.GetInt32("organizationId"), out var organization)
        )
        {
            throw new InvalidDataException($"The row '{row.RowKey}' of the table {TableNames.Replays} is not a replay.");
        }

        return new Replay
        {
            OrganizationId = organization,
            SubscriptionId = subscription,
            Id = id,
            From = row.RequireTime("from"),
            To = row.RequireTime("to"),
            Events = row.GetString("events")?.Split(EventSeparator),
            Only = row.RequireMember<ReplaySelection>("only"),
            DryRun = row.GetBoolean("dryRun") ?? false,
            State = row.RequireMember<ReplayState>("state"),
            Matched = row.GetInt64("matched") ?? 0,
            Sent = row.GetInt64("sent") ?? 0,
            Slices = row.GetInt32("slices") ?? 0,
            CreatedAt = row.RequireTime("createdAt"),
            EndedAt = row.GetDateTimeOffset("endedAt"),
            StartedBy = new Actor(row.GetString("startedById"), row.RequireString("startedBy")),
            CancelledBy = row.GetString("cancelledBy") is { } canceller ? new Actor(row.GetString("cancelledById"), canceller) : null,
            Failure = row.GetString("failureKind") is { } kind ? new ReplayFailure(kind, row.GetString("failureDetail") ?? "") : null,
            ETag = row.ETag,
        };
    }

    public static TableEntity Make(ReplayId replay, EventPointer pointer) =>
        new(replay.ToString(), string.Create(CultureInfo.InvariantCulture, $"{pointer.At.UtcTicks:D19}:{pointer.Id}"))
        {
            ["eventName"] = pointer.EventName.ToString(),
        };

    /// <summary>The marker of a running replay in the partition of its organization.</summary>
    public static TableEntity MakeNote(Replay replay) =>
        new(replay.OrganizationId.ToString(), replay.Id.ToString()) { ["subscriptionId"] = replay.SubscriptionId.ToString() };

    public static (SubscriptionId Subscription, ReplayId Id) ReadNote(TableEntity row) =>
        SubscriptionId.TryParse(row.GetString("subscriptionId"), out var subscription) && ReplayId.TryParse(row.RowKey, out var id)
            ? (subscription, id)
            : throw new InvalidDataException($"The row '{row.RowKey}' of the table {TableNames.Replays} is not the marker of a replay.");

    public static EventName EventName(TableEntity row) => Events.EventName.Parse(row.GetString("eventName"));

    public static EventId EventId(TableEntity row) =>
        Events.EventId.TryParse(row.RowKey[(TicksLength + 1)..], out var id)
            ? id
            : throw new InvalidDataException($"The row '{row.RowKey}' of the table {TableNames.Replays} is not an event.");
}
