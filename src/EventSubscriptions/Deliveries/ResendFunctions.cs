using Azure.Messaging.ServiceBus;
using EventSubscriptions.Deliveries.Log;
using EventSubscriptions.Deliveries.Throttling;
using EventSubscriptions.Events;
using EventSubscriptions.Events.Archive;
using EventSubscriptions.Events.Catalogue;
using EventSubscriptions.Http;
using EventSubscriptions.Queues;
using EventSubscriptions.Storage;
using EventSubscriptions.Subscriptions;
using EventSubscriptions.Telemetry;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.DependencyInjection;

namespace EventSubscriptions.Deliveries;

/// <summary>Sends something to one subscription because a person asks for it: an example, or an event once more.</summary>
public sealed class ResendFunctions(
    SubscriptionStore subscriptions,
    EventCatalogue catalogue,
    EventArchive archive,
    DeliveryTest test,
    TestSlots slots,
    [FromKeyedServices(QueueNames.Deliveries)] ServiceBusSender deliveries,
    AppMetrics metrics,
    TimeProvider time)
{
    private static readonly TimeSpan s_testPause = TimeSpan.FromSeconds(1);

    [Function(nameof(TestSubscription))]
    [Requires(Role.Manage)]
    public async Task<IResult> TestSubscription(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "api/organizations/{organizationId}/subscriptions/{id}/test")] HttpRequest request,
        string id,
        FunctionContext context,
        CancellationToken cancellationToken)
    {
        if (await FindAsync(context, id, cancellationToken) is not { } subscription)
        {
            return Problem.NotFound("There is no such subscription.");
        }

        var body = await JsonBody.ReadOptionalAsync(request, cancellationToken);
        if (body.Problem is not null)
        {
            return body.Problem;
        }

        var errors = new FieldErrors();
        QueryReader.ExpectNone(request, errors);
        var fields = new FieldReader(body.Root, errors);
        var name = fields.Text("eventName");
        EventType? type = null;
        if (name is not null && !catalogue.TryGet(name, out type))
        {
            fields.Wrong("eventName", catalogue.UnknownName(name));
        }

        fields.Finish();
        if (errors.Any)
        {
            return errors.ToProblem();
        }

        using var slot = slots.TryEnter(subscription.OrganizationId);
        return slot is null
            ? Problem.TooManyRequests($"{slots.Most} tests of this organization are under way, as many as may at once. Try again when one has ended.", s_testPause)
            : ApiResult.Ok(await test.RunAsync(subscription, type ?? test.DefaultFor(subscription), cancellationToken), DeliveriesJson.Default.TestAttempt);
    }

    [Function(nameof(ResendDelivery))]
    [Requires(Role.Manage)]
    public async Task<IResult> ResendDelivery(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = DeliveryFunctions.Collection + "/{eventId}/resend")] HttpRequest request,
        string id,
        string eventId,
        FunctionContext context,
        CancellationToken cancellationToken)
    {
        if (await FindAsync(context, id, cancellationToken) is not { } subscription)
        {
            return Problem.NotFound("There is no such subscription.");
        }

        if (!EventId.TryParse(eventId, out var known) || await archive.FindAsync(subscription.OrganizationId, known, cancellationToken) is not { } archived)
        {
            return Problem.NotFound("The archive has no such event, or has it no longer.");
        }

        var body = await JsonBody.ReadOptionalAsync(request, cancellationToken);
        if (body.Problem is not null)
        {
            return body.Problem;
        }

        var errors = new FieldErrors();
        QueryReader.ExpectNone(request, errors);
        new FieldReader(body.Root, errors).Finish();
        if (errors.Any)
        {
            return errors.ToProblem();
        }

        if (!subscription.IsActive)
        {
            return Problem.Conflict("The subscription is inactive. Activate it first.");
        }

        var delivery = new DeliveryMessage
        {
            OrganizationId = subscription.OrganizationId,
            SubscriptionId = subscription.Id,
            EventId = known,
            EventName = archived.EventName,
            Run = "rsd_" + Base32Id.New(time),
            TraceParent = AppTracing.CurrentTraceParent,
        };
        await deliveries.SendMessageAsync(delivery.ToServiceBusMessage(payload: default), cancellationToken);
        metrics.DeliveriesCreated("resend", 1);
        return ApiResult.Accepted(new ResendResponse(delivery.Run), DeliveriesJson.Default.ResendResponse);
    }

    private async Task<Subscription?> FindAsync(FunctionContext context, string id, CancellationToken cancellationToken) =>
        SubscriptionId.TryParse(id, out var known) ? await subscriptions.GetAsync(context.GetOrganization(), known, cancellationToken) : null;
}

/// <summary>What was started.</summary>
/// <param name="Run">The run of its attempts in the delivery log.</param>
internal sealed record ResendResponse(string Run);
