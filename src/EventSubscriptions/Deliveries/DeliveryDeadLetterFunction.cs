using Azure.Messaging.ServiceBus;
using EventSubscriptions.Audit;
using EventSubscriptions.Deliveries.Log;
using EventSubscriptions.Deliveries.Outcome;
using EventSubscriptions.Queues;
using EventSubscriptions.Subscriptions;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.DependencyInjection;

namespace EventSubscriptions.Deliveries;

/// <summary>Puts deliveries that were given up in passing back on their queue, and writes the others to the audit log.</summary>
public sealed class DeliveryDeadLetterFunction(
    DeadLetterHandler desk,
    AuditLog audit,
    DeliveryLog log,
    SubscriptionCache subscriptions,
    [FromKeyedServices(QueueNames.Deliveries)] ServiceBusSender deliveries,
    TimeProvider time)
{
    private static readonly DeadLetterKind s_kind = new(QueueNames.Deliveries, [.. DeliveryDeadLetterReason.All, DeadLetterPolicy.MaxDeliveryCountExceeded], DeadLetterPolicy.PutBack);

    /// <summary>The dead letter is completed when this returns.</summary>
    [Function("RecordDeliveryDeadLetters")]
    public Task RunAsync(
        [ServiceBusTrigger(QueueNames.DeliveryDeadLetters, Connection = "ServiceBus", AutoCompleteMessages = true)] ServiceBusReceivedMessage deadLetter,
        CancellationToken cancellationToken) =>
        desk.HandleAsync(deadLetter, s_kind, deliveries, RecordAsync, cancellationToken);

    private async Task RecordAsync(ServiceBusReceivedMessage deadLetter, CancellationToken cancellationToken)
    {
        await audit.AppendAsync(await ToEntryAsync(deadLetter, cancellationToken), cancellationToken);

        // Where the app itself gave the delivery up, it has noted that it no longer waits.
        if (!DeliveryDeadLetterReason.All.Contains(deadLetter.DeadLetterReason, StringComparer.Ordinal) && DeliveryMessage.TryParse(deadLetter, out var delivery, out _))
        {
            await log.EndWaitAsync(delivery.SubscriptionId, delivery.EventId, delivery.Run, cancellationToken);
        }
    }

    private async Task<AuditEntry> ToEntryAsync(ServiceBusReceivedMessage deadLetter, CancellationToken cancellationToken)
    {
        var reason = deadLetter.DeadLetterReason ?? "Unknown";
        var entry = new AuditEntry
        {
            Type = AuditType.DeliveryDeadLettered,
            Timestamp = time.GetUtcNow(),
            OrganizationId = DeliveryMessage.OrganizationOf(deadLetter),
            Error = new AuditError(reason, deadLetter.DeadLetterErrorDescription ?? "The message was given up without a description.", Hint(reason)),
        };
        if (!DeliveryMessage.TryParse(deadLetter, out var delivery, out _))
        {
            return entry;
        }

        var subscription = await subscriptions.GetAsync(delivery.OrganizationId, delivery.SubscriptionId, cancellationToken);
        return entry with
        {
            SubscriptionId = delivery.SubscriptionId,
            Url = subscription is null ? null : DisplayUrl.Of(subscription.Url),
            EventId = delivery.EventId.ToString(),
            EventName = delivery.EventName,
            Attempt = delivery.Attempt,
        };
    }

    private static string Hint(string reason) => reason switch
    {
        DeliveryDeadLetterReason.RetriesExhausted => "The receiver has failed for as long as the retry schedule lasts. Its entries delivery.failed say how.",
        DeliveryDeadLetterReason.DestinationForbidden =>
            "Webhooks go to public addresses over https only: change the URL, or, in a closed network, set Deliveries__AllowInsecureDestinations.",
        DeliveryDeadLetterReason.PayloadExpired => "The delivery waited longer than payloads are archived: compare Retention__EventArchive with the retry schedule.",
        DeliveryDeadLetterReason.MalformedDelivery => "Something other than this app writes to the queue deliveries.",
        DeadLetterPolicy.MaxDeliveryCountExceeded => "The app failed on this delivery time and again. Its log says why.",
        _ => "Something other than this app gave the message up. Look at what else reads the queue.",
    };
}
