using System.Text.Json;
using System.Text.Json.Serialization;
using EventSubscriptions.Events.Archive;
using EventSubscriptions.Events.Catalogue;
using EventSubscriptions.Http;
using EventSubscriptions.Organizations;

namespace EventSubscriptions.Subscriptions.Filters;

/// <summary>Counts the archived events that a filter accepts.</summary>
public sealed class FilterTest(EventArchive archive, TimeProvider time)
{
    /// <summary>The most events that one test reads: the newest of its time range.</summary>
    public const int MaxEvents = 5_000;

    private const int MaxConcurrent = 2;

    /// <summary>How long one test examines events.</summary>
    private static readonly TimeSpan s_maxTime = TimeSpan.FromSeconds(5);
    private const int MaxExamples = 10;

    /// <summary>Each test reads many payloads.</summary>
    public OrganizationSlots Slots { get; } = new(MaxConcurrent);

    internal async Task<FilterTestResponse> RunAsync(
        OrganizationId organization,
        FilterTestRequest request,
        EventCatalogue catalogue,
        CancellationToken cancellationToken
    )
    {
        var page = await archive.ListAsync(organization, request.From, request.To, after: null, MaxEvents, cancellationToken);
        var events = page.Events.Where(item => EventPattern.MatchesAny(request.Events, item.EventName.ToString(), catalogue)).ToList();
        var (started, skipped) = (time.GetTimestamp(), 0);
        var matches = await archive.MatchAsync(organization, events, Matches, cancellationToken);
        var matched = events.Where((_, index) => matches[index]).ToList();
        return new FilterTestResponse(
            events.Count - skipped,
            matched.Count,
            page.Last is null && skipped == 0,
            [.. matched.Take(MaxExamples).Select(item => new FilterTestExample(item.Id.ToString(), item.EventName.ToString(), item.At))]
        );

        bool Matches(JsonElement payload)
        {
            if (time.GetElapsedTime(started) < s_maxTime)
            {
                return request.Filter.Matches(payload);
            }

            Interlocked.Increment(ref skipped);
            return false;
        }
    }
}

/// <summary>A valid request for a test.</summary>
internal sealed record FilterTestRequest(SubscriptionFilter Filter, IReadOnlyList<string> Events, DateTimeOffset From, DateTimeOffset To)
{
    /// <summary>
    /// Reads a request and reports every error; then it is null. Without a time range it is the whole archive, without events all of them.
    /// </summary>
    public static FilterTestRequest? Read(FieldReader fields, EventCatalogue catalogue, DateTimeOffset now, TimeSpan retention)
    {
        var filter = FilterParser.Read(fields, "filter", required: true);
        var events = SubscriptionFields.ReadEvents(fields, required: false, catalogue) ?? [EventPattern.EveryEvent];
        var (from, to) = (fields.Time("from"), fields.Time("to"));
        var oldest = now - retention;
        if (from >= to)
        {
            fields.AddError("to", "must be later than from");
        }

        return filter is null || fields.Errors.Any
            ? null
            : new FilterTestRequest(filter, events, from > oldest ? from.Value : oldest, to < now ? to.Value : now);
    }
}

/// <summary>The result of a test.</summary>
/// <param name="Examined">How many archived events of the time range were read.</param>
/// <param name="Matched">How many of them the filter accepts.</param>
/// <param name="IsComplete">Whether the time range has no more events.</param>
/// <param name="Examples">The newest of those that it accepts, at most 10.</param>
internal sealed record FilterTestResponse(int Examined, int Matched, bool IsComplete, IReadOnlyList<FilterTestExample> Examples);

/// <summary>An event that a filter accepts.</summary>
internal sealed record FilterTestExample(string Id, string EventName, DateTimeOffset PublishedAt);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, Converters = [typeof(UtcTimeConverter)])]
[JsonSerializable(typeof(FilterTestResponse))]
internal sealed partial class FilterTestJson : JsonSerializerContext;
