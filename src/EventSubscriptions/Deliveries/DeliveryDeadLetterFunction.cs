using Azure.Messaging.ServiceBus;
using EventSubscriptions.Audit;
using EventSubscriptions.Deliveries.Log;
using EventSubscriptions.Deliveries.Outcome;
using EventSubscriptions.Queues;
using EventSubscriptions.Subscriptions;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.DependencyInjection;

namespace EventSubscriptions.Deliveries;

/// <summary>Requeues deliveries that failed because of a fault on our side, and records the others in the audit log.</summary>
public sealed class DeliveryDeadLetterFunction(
    DeadLetterHandler handler,
    AuditLog audit,
    DeliveryLog log,
    SubscriptionCache subscriptions,
    DeadLetterReports reports,
    [FromKeyedServices(QueueNames.Deliveries)] ServiceBusSender deliveries,
    TimeProvider time
)
{
    private readonly DeadLetterSource _source = new(QueueNames.Deliveries, DeadLetterPolicy.Requeue, deliveries);

    [Function("RecordDeliveryDeadLetters")]
    public Task RunAsync(
        [ServiceBusTrigger(QueueNames.DeliveryDeadLetters, Connection = "ServiceBus", AutoCompleteMessages = true)]
            ServiceBusReceivedMessage deadLetter,
        CancellationToken cancellationToken
    ) => handler.HandleAsync(deadLetter, _source, RecordAsync, cancellationToken);

    private async Task RecordAsync(ServiceBusReceivedMessage deadLetter, DeadLetterCause cause, CancellationToken cancellationToken)
    {
        var entry = new AuditEntry
        {
            Type = AuditType.DeliveryDeadLettered,
            Timestamp = time.GetUtcNow(),
            OrganizationId = DeliveryMessage.OrganizationOf(deadLetter),
            Error = new AuditError(cause.Name, cause.Description, Hint(cause.Reason)),
        };
        if (!DeliveryMessage.TryParse(deadLetter, out var delivery, out _))
        {
            await audit.AppendAsync(entry, cancellationToken);
            return;
        }

        var subscription = await subscriptions.GetAsync(delivery.OrganizationId, delivery.SubscriptionId, cancellationToken);
        entry = entry with
        {
            SubscriptionId = delivery.SubscriptionId,
            Url = subscription is null ? null : DisplayUrl.Of(subscription),
            EventId = delivery.EventId.ToString(),
            EventName = delivery.EventName.ToString(),
            Attempt = delivery.Attempt,
        };
        await audit.AppendAsync(entry, cancellationToken);
        if (cause.Reason is null or DeadLetterReason.MaxDeliveryCountExceeded)
        {
            // When the app dead-letters a delivery, it has already logged that it no longer waits.
            await log.EndWaitAsync(delivery, cancellationToken);
        }

        if (subscription is not null)
        {
            var last = new DeadLetteredDelivery(delivery.EventId, delivery.EventName, delivery.Attempt, entry.Error!);
            await reports.CountAsync(subscription, last, cancellationToken);
        }
    }

    private static string Hint(DeadLetterReason? reason) =>
        reason switch
        {
            DeadLetterReason.RetriesExhausted =>
                "The receiver failed for as long as the retry schedule lasts. The delivery.failed entries have the details.",
            DeadLetterReason.DestinationForbidden =>
                "Webhooks go to public addresses over https only: change the URL, or, for an internal receiver, set Deliveries__AllowedNetworks.",
            DeadLetterReason.PayloadExpired =>
                "The delivery waited longer than payloads are archived: compare Retention__EventArchive with the retry schedule.",
            DeadLetterReason.PayloadRemoved =>
                "The payload was removed on request: the entry event.payloadRemoved names the API key that removed it.",
            DeadLetterReason.MalformedDelivery => "Another application writes to the queue deliveries. Check who may send to it.",
            DeadLetterReason.MaxDeliveryCountExceeded => "The app failed on this delivery repeatedly. Its log has the reason.",
            _ => "Another application dead-lettered the message. Check what else reads the queue.",
        };
}
