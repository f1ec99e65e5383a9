using System.Text.Json.Serialization;
using EventSubscriptions.Deliveries.Outcome;
using EventSubscriptions.Deliveries.Statistics;
using EventSubscriptions.Http;
using EventSubscriptions.Subscriptions;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;

namespace EventSubscriptions.Deliveries.Overview;

/// <summary>Lists the organizations and how their deliveries go.</summary>
public sealed class OrganizationFunctions(OrganizationList organizations, StatisticsStore statistics, TimeProvider time)
{
    private const int ParallelReads = 32;

    /// <summary>Those with failing subscriptions first.</summary>
    [Function(nameof(ListOrganizations))]
    [Requires(Role.Admin)]
    public async Task<IResult> ListOrganizations(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = "api/organizations")] HttpRequest http,
        FunctionContext context,
        CancellationToken cancellationToken
    )
    {
        var request = ApiRequest.Of(http, context);
        var page = request.Query.Page("organizations");
        if (request.Validate() is { } problem)
        {
            return problem;
        }

        var snapshot = await organizations.GetAsync(cancellationToken);
        var rest = snapshot
            .Organizations.Where(item => request.Caller.Sees(item.Id) && string.CompareOrdinal(item.Position, page.After) > 0)
            .Take(page.Size + 1)
            .ToList();
        var shown = rest.Take(page.Size).ToList();
        List<OrganizationResponse> items = [];
        foreach (var some in shown.Chunk(ParallelReads))
        {
            items.AddRange(await Task.WhenAll(some.Select(item => DescribeAsync(item, cancellationToken))));
        }

        var list = page.ToPage<OrganizationResponse>(items, rest.Count > shown.Count ? shown[^1].Position : null);
        return ApiResult.Ok(
            new OrganizationsResponse(snapshot.AsOf, list.Items, list.ContinuationToken),
            OverviewJson.Default.OrganizationsResponse
        );
    }

    private async Task<OrganizationResponse> DescribeAsync(OrganizationSummary item, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var hour = new DateTimeOffset(now.UtcTicks - (now.UtcTicks % TimeSpan.TicksPerHour), TimeSpan.Zero);
        var total = new AttemptCounts();
        var hours = await statistics.ReadAsync(item.Id, subscription: null, hour.AddHours(-23), hour.AddHours(1), cancellationToken);
        foreach (var counts in hours.Values)
        {
            total.Add(counts);
        }

        return new OrganizationResponse
        {
            Id = item.Id.Value,
            Subscriptions = item.Subscriptions,
            FailingSince = item.FailingSince,
            Delivered = total.Of(DeliveryOutcome.Delivered),
            Failed = total.Total - total.Of(DeliveryOutcome.Delivered) - total.Of(DeliveryOutcome.Skipped),
        };
    }
}

/// <summary>A page of organizations.</summary>
/// <param name="AsOf">When the subscriptions were counted: at most a minute ago.</param>
internal sealed record OrganizationsResponse(
    DateTimeOffset AsOf,
    IReadOnlyList<OrganizationResponse> Items,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? ContinuationToken
);

/// <summary>An organization in a response.</summary>
internal sealed record OrganizationResponse
{
    public required int Id { get; init; }

    public required SubscriptionCounts Subscriptions { get; init; }

    /// <summary>Absent if no subscription is failing.</summary>
    public DateTimeOffset? FailingSince { get; init; }

    /// <summary>Attempts of the current hour and the 23 before that were delivered.</summary>
    public required long Delivered { get; init; }

    /// <summary>Attempts of the same hours that failed, were throttled or returned 410.</summary>
    public required long Failed { get; init; }
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    Converters = [typeof(UtcTimeConverter)]
)]
[JsonSerializable(typeof(OrganizationsResponse))]
internal sealed partial class OverviewJson : JsonSerializerContext;
