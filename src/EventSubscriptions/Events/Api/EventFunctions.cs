using System.Text.Json;
using System.Text.Json.Serialization;
using EventSubscriptions.Audit;
using EventSubscriptions.Deliveries.Log;
using EventSubscriptions.Deliveries.Outcome;
using EventSubscriptions.Events.Archive;
using EventSubscriptions.Http;
using EventSubscriptions.Organizations;
using EventSubscriptions.Storage;
using EventSubscriptions.Subscriptions;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;

namespace EventSubscriptions.Events.Api;

/// <summary>Lists archived events, newest first, shows one with its deliveries, and removes payloads.</summary>
public sealed class EventFunctions(
    EventArchive archive,
    SubscriptionStore subscriptions,
    DeliveryLog deliveries,
    AuditLog audit,
    TimeProvider time
)
{
    private const string Collection = "api/organizations/{organizationId}/events";
    private const string Item = Collection + "/{eventId}";

    /// <summary>How many subscriptions are read at once.</summary>
    private const int ParallelReads = 32;

    [Function(nameof(ListEvents))]
    [Requires(Role.Read)]
    public async Task<IResult> ListEvents(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = Collection)] HttpRequest http,
        FunctionContext context,
        CancellationToken cancellationToken
    )
    {
        var request = ApiRequest.Of(http, context);
        var filter = new EventFilter(
            request.Query.TimeRange(),
            request.Query.Text("eventName"),
            request.Query.OneOf<EventSource>("source")
        );
        var page = request.Query.Page($"eventarchive/{request.Organization}");
        return request.Validate()
            ?? await request.ListAsync(
                page,
                (part, cancel) => archive.ListAsync(request.Organization, filter, part, cancel),
                EventsJson.Default.EventSummary,
                EventsJson.Default.ListPageEventSummary,
                cancellationToken
            );
    }

    [Function(nameof(GetEvent))]
    [Requires(Role.Read)]
    public async Task<IResult> GetEvent(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = Item)] HttpRequest http,
        string eventId,
        FunctionContext context,
        CancellationToken cancellationToken
    )
    {
        var request = ApiRequest.Of(http, context);
        if (
            !EventId.TryParse(eventId, out var id)
            || await archive.GetAsync(request.Organization, id, cancellationToken) is not { } archived
        )
        {
            return request.NotFound("Event");
        }

        if (request.Validate() is { } problem)
        {
            return problem;
        }

        return ApiResult.Ok(
            new EventResponse
            {
                Id = id.ToString(),
                EventName = archived.EventName.ToString(),
                OrganizationId = request.Organization.Value,
                Source = archived.Source,
                PublishedAt = archived.PublishedAt,
                Payload = archived.Payload is { } payload && request.Caller.May(Role.Analyst) ? JsonElement.Parse(payload.Span) : null,
                PayloadRemovedAt = archived.PayloadRemovedAt,
                Deliveries = await DeliveriesOfAsync(request.Organization, id, cancellationToken),
            },
            EventsJson.Default.EventResponse
        );
    }

    /// <summary>Removes the payload for good. Repeating it changes nothing.</summary>
    [Function(nameof(RemovePayload))]
    [Requires(Role.Manage)]
    public async Task<IResult> RemovePayload(
        [HttpTrigger(AuthorizationLevel.Anonymous, "delete", Route = Item + "/payload")] HttpRequest http,
        string eventId,
        FunctionContext context,
        CancellationToken cancellationToken
    )
    {
        var request = ApiRequest.Of(http, context);
        if (!EventId.TryParse(eventId, out var id) || await archive.GetAsync(request.Organization, id, cancellationToken) is null)
        {
            return request.NotFound("Event");
        }

        if (request.Validate() is { } problem)
        {
            return problem;
        }

        await archive.Removing.WaitAsync(cancellationToken);
        try
        {
            return await RemoveAsync(request, id, cancellationToken);
        }
        finally
        {
            archive.Removing.Release();
        }
    }

    private async Task<IResult> RemoveAsync(ApiRequest request, EventId id, CancellationToken cancellationToken)
    {
        if (await archive.GetAsync(request.Organization, id, cancellationToken) is { PayloadRemovedAt: null } archived)
        {
            // Audited first: an entry without a removal tells of a request that can be repeated; a removal without an entry nobody notices.
            var entry = new AuditEntry
            {
                Type = AuditType.EventPayloadRemoved,
                Timestamp = time.GetUtcNow(),
                OrganizationId = request.Organization,
                EventId = id.ToString(),
                EventName = archived.EventName.ToString(),
                Actor = request.Caller.Actor,
            };
            await audit.AppendAsync(entry, cancellationToken);
        }

        return await archive.RemovePayloadAsync(request.Organization, id, time.GetUtcNow(), cancellationToken) is { } removedAt
            ? ApiResult.Ok(new PayloadRemovedResponse(removedAt), EventsJson.Default.PayloadRemovedResponse)
            : request.NotFound("Event");
    }

    /// <summary>The deliveries to the subscriptions that still exist, oldest subscription first.</summary>
    private async Task<IReadOnlyList<EventDelivery>> DeliveriesOfAsync(
        OrganizationId organization,
        EventId id,
        CancellationToken cancellationToken
    )
    {
        List<EventDelivery> found = [];
        foreach (var some in (await subscriptions.ListNamesAsync(organization, cancellationToken)).Chunk(ParallelReads))
        {
            var statuses = await Task.WhenAll(some.Select(item => deliveries.StatusOfAsync(item.Id, id, cancellationToken)));
            found.AddRange(
                some.Zip(statuses)
                    .Where(pair => pair.Second is not null)
                    .Select(pair => EventDelivery.Of(pair.First.Id, pair.First.Name, pair.Second!))
            );
        }

        return found;
    }
}

/// <summary>An archived event in a response.</summary>
internal sealed record EventResponse
{
    public required string Id { get; init; }

    public required string EventName { get; init; }

    public required int OrganizationId { get; init; }

    public EventSource? Source { get; init; }

    public required DateTimeOffset PublishedAt { get; init; }

    /// <summary>Only for callers who may read payloads.</summary>
    public JsonElement? Payload { get; init; }

    public DateTimeOffset? PayloadRemovedAt { get; init; }

    public required IReadOnlyList<EventDelivery> Deliveries { get; init; }
}

/// <summary>The delivery of an event to one subscription.</summary>
internal sealed record EventDelivery
{
    public required string SubscriptionId { get; init; }

    public required string SubscriptionName { get; init; }

    public DeliveryOutcome? Outcome { get; init; }

    public required int Attempts { get; init; }

    public DateTimeOffset? LastAttemptAt { get; init; }

    public DeliveryWait? Waiting { get; init; }

    public static EventDelivery Of(SubscriptionId id, string name, DeliveryStatus status) =>
        new()
        {
            SubscriptionId = id.ToString(),
            SubscriptionName = name,
            Outcome = status.Outcome,
            Attempts = status.Attempts,
            LastAttemptAt = status.LastAttemptAt,
            Waiting = status.Waiting,
        };
}

/// <summary>The response of a removal.</summary>
/// <param name="PayloadRemovedAt">When the payload was removed first.</param>
internal sealed record PayloadRemovedResponse(DateTimeOffset PayloadRemovedAt);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    Converters = [typeof(UtcTimeConverter)]
)]
[JsonSerializable(typeof(ListPage<EventSummary>))]
[JsonSerializable(typeof(EventResponse))]
[JsonSerializable(typeof(PayloadRemovedResponse))]
internal sealed partial class EventsJson : JsonSerializerContext;
