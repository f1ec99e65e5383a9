using System.Text.Json.Serialization;
using EventSubscriptions.Deliveries.Outcome;
using EventSubscriptions.Http;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;

namespace EventSubscriptions.Deliveries.Statistics;

/// <summary>Shows attempts by outcome, and latencies, per hour or day.</summary>
public sealed class StatisticsFunctions(StatisticsStore store, TimeProvider time)
{
    private const int MaxHours = 31 * 24;
    private const int MaxDays = 400;

    private static readonly TimeSpan s_default = TimeSpan.FromHours(24);

    [Function(nameof(GetStatistics))]
    [Requires(Role.Read)]
    public async Task<IResult> GetStatistics(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = "api/organizations/{organizationId}/statistics")]
            HttpRequest http,
        FunctionContext context,
        CancellationToken cancellationToken
    )
    {
        var request = ApiRequest.Of(http, context);
        var interval = request.Query.OneOf<StatisticsInterval>("interval") ?? StatisticsInterval.Hour;
        var length = interval == StatisticsInterval.Day ? TimeSpan.FromDays(1) : TimeSpan.FromHours(1);
        var times = request.Query.TimeRange();
        var subscription = ReadSubscription(request);
        var (from, to) = Periods(times, length);
        var most = interval == StatisticsInterval.Day ? MaxDays : MaxHours;
        if (!request.Errors.Any && (to - from) / length > most)
        {
            request.Errors.Add("from", $"must be at most {most} {interval.ToName()}s before to");
        }

        if (request.Validate() is { } problem)
        {
            return problem;
        }

        var total = new AttemptCounts();
        var periods = new AttemptCounts[(int)((to - from) / length)];
        for (var i = 0; i < periods.Length; i++)
        {
            periods[i] = new AttemptCounts();
        }

        foreach (var (hour, counts) in await store.ReadAsync(request.Organization, subscription, from, to, cancellationToken))
        {
            total.Add(counts);
            periods[(int)((hour - from) / length)].Add(counts);
        }

        var items = periods.Select((counts, i) => StatisticsPeriod.Of(from + (i * length), counts));
        return ApiResult.Ok(
            new StatisticsResponse(from, to, interval, StatisticsTotal.Of(total), [.. items]),
            StatisticsJson.Default.StatisticsResponse
        );
    }

    private static SubscriptionId? ReadSubscription(ApiRequest request)
    {
        if (request.Query.Text("subscriptionId") is not { } text)
        {
            return null;
        }

        if (SubscriptionId.TryParse(text, out var id))
        {
            return id;
        }

        request.Errors.Add("subscriptionId", "is not the id of a subscription");
        return null;
    }

    /// <summary>The whole periods that a time range touches; the last 24 hours by default.</summary>
    private (DateTimeOffset From, DateTimeOffset To) Periods(TimeRange times, TimeSpan length)
    {
        var now = time.GetUtcNow();
        var end = times.To is { } to && to < now ? to : now;
        var start =
            times.From is { } from ? (from < end ? from : end)
            : end - DateTimeOffset.MinValue > s_default ? end - s_default
            : DateTimeOffset.MinValue;
        if (times.From >= now)
        {
            // The future has no periods yet.
            return (Floor(now), Floor(now));
        }

        return (Floor(start), end.UtcTicks % length.Ticks == 0 ? Floor(end) : Floor(end) + length);

        DateTimeOffset Floor(DateTimeOffset value) => new(value.UtcTicks - (value.UtcTicks % length.Ticks), TimeSpan.Zero);
    }
}

/// <summary>How long a period of statistics is.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<StatisticsInterval>))]
internal enum StatisticsInterval
{
    [JsonStringEnumMemberName("hour")]
    Hour,

    [JsonStringEnumMemberName("day")]
    Day,
}

/// <summary>The statistics of a time range.</summary>
internal sealed record StatisticsResponse(
    DateTimeOffset From,
    DateTimeOffset To,
    StatisticsInterval Interval,
    StatisticsTotal Total,
    IReadOnlyList<StatisticsPeriod> Items
);

/// <summary>Attempts by outcome, and the latency of their requests.</summary>
internal record StatisticsTotal
{
    public required long Attempts { get; init; }

    public required IReadOnlyDictionary<string, long> Outcomes { get; init; }

    /// <summary>Absent if no request was sent.</summary>
    public double? LatencyP50Ms { get; init; }

    public double? LatencyP95Ms { get; init; }

    public static StatisticsTotal Of(AttemptCounts counts) =>
        new()
        {
            Attempts = counts.Total,
            Outcomes = OutcomesOf(counts),
            LatencyP50Ms = counts.Percentile(0.5),
            LatencyP95Ms = counts.Percentile(0.95),
        };

    protected static Dictionary<string, long> OutcomesOf(AttemptCounts counts) =>
        Enum.GetValues<DeliveryOutcome>().ToDictionary(outcome => outcome.ToName(), counts.Of, StringComparer.Ordinal);
}

/// <summary>The statistics of one hour or day.</summary>
internal sealed record StatisticsPeriod : StatisticsTotal
{
    /// <summary>Its first moment.</summary>
    public required DateTimeOffset From { get; init; }

    public static StatisticsPeriod Of(DateTimeOffset from, AttemptCounts counts) =>
        new()
        {
            From = from,
            Attempts = counts.Total,
            Outcomes = OutcomesOf(counts),
            LatencyP50Ms = counts.Percentile(0.5),
            LatencyP95Ms = counts.Percentile(0.95),
        };
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    Converters = [typeof(UtcTimeConverter)]
)]
[JsonSerializable(typeof(StatisticsResponse))]
internal sealed partial class StatisticsJson : JsonSerializerContext;
