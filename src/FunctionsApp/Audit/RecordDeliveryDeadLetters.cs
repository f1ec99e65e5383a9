using Azure.Messaging.ServiceBus;
using EventSubscriptions.Deliveries;
using EventSubscriptions.Storage;
using EventSubscriptions.Subscriptions;
using EventSubscriptions.Telemetry;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace EventSubscriptions.Audit;

/// <summary>Puts deliveries that were given up in passing back on their queue, and writes the others to the audit log.</summary>
public sealed partial class RecordDeliveryDeadLetters(
    AuditLog audit,
    SubscriptionCache subscriptions,
    AppMetrics metrics,
    [FromKeyedServices(QueueNames.Deliveries)] ServiceBusSender deliveries,
    TimeProvider time,
    ILogger<RecordDeliveryDeadLetters> logger)
{
    /// <summary>How long to wait before a failure is thrown: a dead-letter queue delivers again at once and for ever.</summary>
    private static readonly TimeSpan s_pause = TimeSpan.FromSeconds(5);

    private static readonly string[] s_reasons = [.. DeliveryDeadLetterReason.All, DeadLetterPolicy.MaxDeliveryCountExceeded];

    /// <summary>The dead letter is completed when this returns. A crash before that may put back or record it twice: the queue drops the one, people can bear the other.</summary>
    [Function(nameof(RecordDeliveryDeadLetters))]
    public async Task RunAsync(
        [ServiceBusTrigger(QueueNames.DeliveryDeadLetters, Connection = "ServiceBus", AutoCompleteMessages = true)] ServiceBusReceivedMessage deadLetter,
        CancellationToken cancellationToken)
    {
        try
        {
            if (DeadLetterPolicy.PutBackAfter(deadLetter.DeadLetterReason, DeadLetterPolicy.ReturnedOf(deadLetter)) is { } wait)
            {
                await deliveries.SendMessageAsync(DeadLetterPolicy.PutBack(deadLetter, time.GetUtcNow() + wait), cancellationToken);
            }
            else
            {
                await audit.AppendAsync(await ToEntryAsync(deadLetter, cancellationToken), cancellationToken);
                metrics.DeadLetterRecorded(QueueNames.Deliveries, deadLetter.DeadLetterReason, s_reasons);
            }
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            Log.NotRecorded(logger, exception, deadLetter.MessageId);
            await Task.Delay(s_pause, time, cancellationToken);
            throw;
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
        DeliveryDeadLetterReason.SubscriptionDeleted => "There is nothing to do, unless the subscription was deleted by mistake.",
        DeliveryDeadLetterReason.PayloadExpired => "The delivery waited longer than payloads are archived: compare Retention__EventArchive with the retry schedule.",
        DeliveryDeadLetterReason.MalformedDelivery => "Something other than this app writes to the queue deliveries.",
        DeadLetterPolicy.MaxDeliveryCountExceeded => "The app failed on this delivery time and again. Its log says why.",
        _ => "Something other than this app gave the message up. Look at what else reads the queue.",
    };

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Error, "The dead letter {MessageId} could be neither put back nor recorded; it will be delivered again.")]
        public static partial void NotRecorded(ILogger logger, Exception exception, string? messageId);
    }
}
