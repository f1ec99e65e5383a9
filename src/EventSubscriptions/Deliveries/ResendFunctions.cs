using Azure.Messaging.ServiceBus;
using EventSubscriptions.Deliveries.Log;
using EventSubscriptions.Deliveries.Throttling;
using EventSubscriptions.Events;
using EventSubscriptions.Events.Archive;
using EventSubscriptions.Events.Catalogue;
using EventSubscriptions.Http;
using EventSubscriptions.Queues;
using EventSubscriptions.Subscriptions;
using EventSubscriptions.Telemetry;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.DependencyInjection;

namespace EventSubscriptions.Deliveries;

/// <summary>Sends a test event to a subscription, or resends an archived event.</summary>
public sealed class ResendFunctions(
    SubscriptionStore subscriptions,
    EventTypes types,
    EventArchive archive,
    DeliveryTest test,
    TestSlots slots,
    [FromKeyedServices(QueueNames.Deliveries)] ServiceBusSender deliveries,
    AppMetrics metrics,
    TimeProvider time
)
{
    private static readonly TimeSpan s_testPause = TimeSpan.FromSeconds(1);

    [Function(nameof(TestSubscription))]
    [Requires(Role.Manage)]
    public async Task<IResult> TestSubscription(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "api/organizations/{organizationId}/subscriptions/{id}/test")]
            HttpRequest http,
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

        await request.ReadOptionalBodyAsync(cancellationToken);
        var name = request.Fields.Text("eventName");
        var catalogue = await types.ForAsync(request.Body, cancellationToken);
        var type = DeliveryTest.DefaultFor(subscription, catalogue);
        if (name is not null && !catalogue.TryGet(name, out type))
        {
            request.Fields.AddError("eventName", catalogue.UnknownName(name));
        }
        else if (type is null)
        {
            request.Fields.AddError("eventName", "is required, because no event type matches the subscription's events any more");
        }

        if (request.Validate() is { } problem)
        {
            return problem;
        }

        using var slot = slots.TryEnter(subscription.OrganizationId);
        return slot is null
            ? Problem.TooManyRequests(
                $"The organization has reached its limit of {slots.Most} concurrent tests. Try again when one has ended.",
                s_testPause
            )
            : ApiResult.Ok(await test.RunAsync(subscription, type!, cancellationToken), DeliveriesJson.Default.TestAttempt);
    }

    [Function(nameof(ResendDelivery))]
    [Requires(Role.Manage)]
    public async Task<IResult> ResendDelivery(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = DeliveryFunctions.Collection + "/{eventId}/resend")] HttpRequest http,
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
            || await archive.GetAsync(subscription.OrganizationId, known, cancellationToken) is not { } archived
        )
        {
            return request.NotFound("Archived event");
        }

        await request.ReadOptionalBodyAsync(cancellationToken);
        if (request.Validate() is { } problem)
        {
            return problem;
        }

        if (!subscription.IsActive)
        {
            return Problem.Conflict("The subscription is inactive. Activate it first.");
        }

        if (archived.Payload is null)
        {
            return Problem.Conflict("The payload of the event was removed, so it can't be sent again.");
        }

        var delivery = new DeliveryMessage
        {
            OrganizationId = subscription.OrganizationId,
            SubscriptionId = subscription.Id,
            EventId = known,
            EventName = archived.EventName,
            Run = DeliveryRun.NewResend(time),
            TraceParent = AppTracing.CurrentTraceParent,
        };
        await deliveries.SendMessageAsync(delivery.ToServiceBusMessage(), cancellationToken);
        metrics.DeliveriesCreated("resend", 1);
        return ApiResult.Accepted(new ResendResponse(delivery.Run.ToString()), DeliveriesJson.Default.ResendResponse);
    }
}

/// <summary>The response of a resend.</summary>
/// <param name="Run">The run of its attempts in the delivery log.</param>
internal sealed record ResendResponse(string Run);
