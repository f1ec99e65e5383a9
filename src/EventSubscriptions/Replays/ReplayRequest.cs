using EventSubscriptions.Events.Catalogue;
using EventSubscriptions.Http;

namespace EventSubscriptions.Replays;

/// <summary>A valid request for a replay.</summary>
internal sealed record ReplayRequest(
    DateTimeOffset From,
    DateTimeOffset To,
    IReadOnlyList<string>? Events,
    ReplaySelection Only,
    bool DryRun
)
{
    private const int MaxEvents = 64;

    /// <summary>
    /// Reads a request and reports every error; then it is null. An end that is absent or in the future is now, and a start before the
    /// archive's retention is the start of the archive: clients send year 1 for "from the beginning", which no table stores.
    /// </summary>
    public static ReplayRequest? Read(FieldReader fields, EventCatalogue catalogue, DateTimeOffset now, TimeSpan retention)
    {
        var from = fields.Time("from", required: true);
        var to = fields.Time("to");
        var events = ReadEvents(fields, catalogue);
        var only = fields.OneOf<ReplaySelection>("only") ?? ReplaySelection.All;
        var dryRun = fields.Boolean("dryRun") ?? false;
        if (from >= now)
        {
            fields.AddError("from", "must be in the past");
        }
        else if (from >= to)
        {
            fields.AddError("to", "must be later than from");
        }

        return fields.Errors.Any ? null : new ReplayRequest(Clamp(from!.Value), Clamp(to ?? now), events, only, dryRun);

        DateTimeOffset Clamp(DateTimeOffset time) =>
            time < now - retention ? now - retention
            : time > now ? now
            : time;
    }

    private static List<string>? ReadEvents(FieldReader fields, EventCatalogue catalogue)
    {
        var names = fields.Texts("events");
        if (names?.Count is 0 or > MaxEvents)
        {
            fields.AddError("events", $"must list 1 to {MaxEvents} names");
            return null;
        }

        for (var i = 0; i < names?.Count; i++)
        {
            if (!catalogue.Contains(names[i]))
            {
                fields.AddError($"events[{i}]", catalogue.UnknownName(names[i]));
            }
        }

        return names?.Distinct(StringComparer.Ordinal).ToList();
    }
}
