using EventSubscriptions.Events.Archive;
using EventSubscriptions.Events.Catalogue;
using EventSubscriptions.Http;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;

namespace EventSubscriptions.Subscriptions.Filters;

/// <summary>Tests a filter on the events of the archive.</summary>
public sealed class FilterTestFunctions(FilterTest test, EventTypes types, ArchiveOptions archive, TimeProvider time)
{
    private static readonly TimeSpan s_retryAfter = TimeSpan.FromSeconds(1);

    /// <summary>Counts the archived events that a filter accepts.</summary>
    [Function(nameof(TestFilter))]
    [Requires(Role.Analyst)]
    public async Task<IResult> TestFilter(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "api/organizations/{organizationId}/subscriptions/filter-test")]
            HttpRequest http,
        FunctionContext context,
        CancellationToken cancellationToken
    )
    {
        var request = ApiRequest.Of(http, context);
        await request.ReadBodyAsync(cancellationToken);
        var catalogue = await types.ForAsync(request.Body, cancellationToken);
        var wanted = FilterTestRequest.Read(request.Fields, catalogue, time.GetUtcNow(), archive.Retention);
        if (request.Validate() is { } problem)
        {
            return problem;
        }

        using var slot = test.Slots.TryEnter(request.Organization);
        return slot is null
            ? Problem.TooManyRequests(
                $"{test.Slots.Most} filter tests of this organization are running. Try again when one has ended.",
                s_retryAfter
            )
            : ApiResult.Ok(
                await test.RunAsync(request.Organization, wanted!, catalogue, cancellationToken),
                FilterTestJson.Default.FilterTestResponse
            );
    }
}
