using System.Text.Json;
using System.Text.Json.Serialization;
using EventSubscriptions.Deliveries.Outcome;
using EventSubscriptions.Events;
using EventSubscriptions.Events.Archive;
using EventSubscriptions.Http;
using EventSubscriptions.Storage;
using EventSubscriptions.Subscriptions;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;

namespace EventSubscriptions.Deliveries.Log;

/// <summary>Lists attempts, newest first, and shows deliveries.</summary>
public sealed class DeliveryFunctions(SubscriptionStore subscriptions, DeliveryLog log, EventArchive archive)
{
    internal const string Collection = "api/organizations/{organizationId}/subscriptions/{id}/deliveries";

    /// <summary>The most attempts shown of one delivery. The list has the others.</summary>
    private const int MaxAttemptsShown = 100;

    [Function(nameof(ListDeliveries))]
    [Requires(Role.Read)]
    public async Task<IResult> ListDeliveries(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = Collection)] HttpRequest http,
        string id,
        FunctionContext context,
        CancellationToken cancellationToken
    )
    {
        var request = ApiRequest.Of(http, context);
        if (await subscriptions.FindAsync(request.Organization, id, cancellationToken) is not { } subscription)
        {
            return request.NotFound("Subscription");
        }

        var query = request.Query;
        var filter = new DeliveryFilter(query.TimeRange(), query.OneOf<DeliveryOutcome>("outcome"), query.Text("eventId"));
        if (filter.EventId is not null && !EventId.TryParse(filter.EventId, out _))
        {
            request.Errors.Add("eventId", "is not the id of an event");
        }

        var page = query.Page($"deliverylog/{id}");
        return request.Validate()
            ?? await request.ListAsync(
                page,
                (part, cancel) => log.ListAsync(subscription.Id, filter, part, cancel),
                DeliveriesJson.Default.DeliveryAttempt,
                DeliveriesJson.Default.ListPageDeliveryAttempt,
                cancellationToken
            );
    }

    [Function(nameof(GetDelivery))]
    [Requires(Role.Analyst)]
    public async Task<IResult> GetDelivery(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = Collection + "/{eventId}")] HttpRequest http,
        string id,
        string eventId,
        FunctionContext context,
        CancellationToken cancellationToken
    )
    {
        var request = ApiRequest.Of(http, context);
        if (await subscriptions.FindAsync(request.Organization, id, cancellationToken) is not { } subscription)
        {
            return request.NotFound("Subscription");
        }

        if (
            !EventId.TryParse(eventId, out var known)
            || await log.AttemptsOfAsync(subscription.Id, known, MaxAttemptsShown, cancellationToken) is not { Count: > 0 } attempts
        )
        {
            return request.NotFound("Delivery");
        }

        if (request.Validate() is { } problem)
        {
            return problem;
        }

        var payload = (await archive.GetAsync(request.Organization, known, cancellationToken))?.Payload;
        return ApiResult.Ok(
            new EventDeliveries(
                known.ToString(),
                attempts[0].EventName,
                attempts,
                payload is null ? null : JsonElement.Parse(payload.Value.Span)
            ),
            DeliveriesJson.Default.EventDeliveries
        );
    }
}

/// <summary>The newest attempts to deliver an event to a subscription.</summary>
/// <param name="Attempts">Newest first.</param>
/// <param name="Payload">The bytes that were sent, or null if they are no longer archived.</param>
internal sealed record EventDeliveries(string EventId, string EventName, IReadOnlyList<DeliveryAttempt> Attempts, JsonElement? Payload);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    Converters = [typeof(UtcTimeConverter)]
)]
[JsonSerializable(typeof(ListPage<DeliveryAttempt>))]
[JsonSerializable(typeof(EventDeliveries))]
[JsonSerializable(typeof(TestAttempt))]
[JsonSerializable(typeof(ResendResponse))]
internal sealed partial class DeliveriesJson : JsonSerializerContext;
