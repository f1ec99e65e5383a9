using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Serialization;
using EventSubscriptions.Events.Archive;
using EventSubscriptions.Events.Catalogue;
using EventSubscriptions.Http;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;

namespace EventSubscriptions.Events.Publishing;

/// <summary>Publishes events over HTTP.</summary>
public sealed class PublishFunctions(
    EventTypes types,
    AirRequest airReader,
    EventArchive archive,
    EventPublisher publisher,
    PublishRate rate,
    TimeProvider time
)
{
    private const string IdempotencyKey = "Idempotency-Key";
    private const string WebhookId = "webhook-id";
    private const int ParallelReads = 64;

    private static readonly string[] s_isReused = ["belongs to a different event"];

    /// <summary>Publishes events of one organization. They are validated against the catalogue.</summary>
    [Function(nameof(PublishEvents))]
    [Requires(Role.Publish)]
    public async Task<IResult> PublishEvents(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "api/organizations/{organizationId}/events")] HttpRequest http,
        FunctionContext context,
        CancellationToken cancellationToken
    )
    {
        var request = ApiRequest.Of(http, context);
        await request.ReadBodyAsync(cancellationToken);
        var reader = new PublishRequest(await types.ForAsync(request.Body, cancellationToken), time);
        var events = reader.Read(request.Body, request.Organization, request.Header(IdempotencyKey), request.Errors);
        return request.Validate() ?? await PublishAsync(request, events, EventSource.Http, cancellationToken);
    }

    /// <summary>Publishes events as Binalyze AIR sends them, of any organization that the key may publish for.</summary>
    [Function(nameof(PublishAirEvents))]
    [Requires(Role.Publish)]
    public async Task<IResult> PublishAirEvents(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "api/events")] HttpRequest http,
        FunctionContext context,
        CancellationToken cancellationToken
    )
    {
        var request = ApiRequest.Of(http, context);
        await request.ReadBodyAsync(cancellationToken);
        var (id, key) = (request.Header(WebhookId), request.Header(IdempotencyKey));
        if (key is "" or "\"\"")
        {
            request.Errors.Add(IdempotencyKey, "must not be empty");
        }

        var events = airReader.Read(request.Body, string.IsNullOrEmpty(id) ? key : id, request.Errors);
        if (request.Validate() is { } problem)
        {
            return problem;
        }

        return events.FirstOrDefault(item => !request.Caller.Sees(item.Organization)) is { } foreign
            ? Problem.Forbidden(
                $"Nothing was published: the key is bound to an organization other than {foreign.Organization}. Use a key of that organization, or an unbound one."
            )
            : await PublishAsync(request, events, EventSource.Air, cancellationToken);
    }

    /// <summary>
    /// Returns 202 with the ids in order, 409 if an id belongs to a different event, 429 above an organization's limit, 503 if the queue
    /// may not have accepted all events.
    /// </summary>
    private async Task<IResult> PublishAsync(
        ApiRequest request,
        IReadOnlyList<PublishedEvent> events,
        EventSource source,
        CancellationToken cancellationToken
    )
    {
        if (rate.TryTake(events.CountBy(item => item.Organization)) is var (organization, wait))
        {
            return Problem.TooManyRequests(
                $"Nothing was published: organization {organization} has reached its limit of published events.",
                wait
            );
        }

        var reused = await FindReusedAsync(events, cancellationToken);
        if (reused.Count > 0)
        {
            var isArray = request.Body.ValueKind == JsonValueKind.Array;
            return Problem.Of(
                StatusCodes.Status409Conflict,
                "Nothing was published: an id belongs to a different event. Give each event its own id, and repeat an id only with the very same event.",
                reused.ToDictionary(index => isArray ? $"[{index}].id" : "id", _ => s_isReused, StringComparer.Ordinal)
            );
        }

        string[] ids = [.. events.Select(item => item.Id.ToString())];
        return await publisher.TryPublishAsync(events, source, cancellationToken)
            ? ApiResult.Accepted(new PublishResponse(ids), PublishJson.Default.PublishResponse)
            : Problem.Unavailable(
                "The queue may not have accepted all events. Send the same events with these ids again: none is delivered twice.",
                ids: ids
            );
    }

    /// <summary>
    /// The indexes of the events whose ids belong to different events. Of two that are published at the same time, both pass here, and the
    /// archive accepts one.
    /// </summary>
    private async Task<IReadOnlyList<int>> FindReusedAsync(IReadOnlyList<PublishedEvent> events, CancellationToken cancellationToken)
    {
        var reused = new ConcurrentBag<int>();
        await Parallel.ForEachAsync(
            events.Index().Where(one => one.Item.HasCallersId),
            new ParallelOptions { MaxDegreeOfParallelism = ParallelReads, CancellationToken = cancellationToken },
            async (one, cancel) =>
            {
                if (await archive.IsArchivedAsync(one.Item.Organization, one.Item.Id, one.Item.Payload, cancel) == false)
                {
                    reused.Add(one.Index);
                }
            }
        );
        return [.. reused.Order()];
    }
}

/// <summary>The response of a publish request.</summary>
/// <param name="Ids">The ids of the events in the order of the request.</param>
internal sealed record PublishResponse(IReadOnlyList<string> Ids);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(PublishResponse))]
internal sealed partial class PublishJson : JsonSerializerContext;
