using Azure.Messaging.ServiceBus;
using EventSubscriptions.Deliveries.Outcome;
using EventSubscriptions.Queues;
using EventSubscriptions.Storage;
using EventSubscriptions.Telemetry;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using EventId = EventSubscriptions.Events.EventId;

namespace EventSubscriptions.Deliveries;

/// <summary>Delivers what is on the queue <c>deliveries</c>, one message an invocation.</summary>
public sealed partial class DeliverFunction(
    DeliveryProcessor processor,
    [FromKeyedServices(QueueNames.Deliveries)] ServiceBusSender queue,
    AppMetrics metrics,
    TimeProvider time,
    Random random,
    ILogger<DeliverFunction> logger)
{
    /// <summary>Makes one attempt, then settles the message. What fails on our side puts the delivery off and uses up no attempt.</summary>
    [Function("Deliver")]
    public async Task RunAsync(
        [ServiceBusTrigger(QueueNames.Deliveries, Connection = "ServiceBus", AutoCompleteMessages = false)] ServiceBusReceivedMessage message,
        ServiceBusMessageActions actions,
        CancellationToken cancellationToken)
    {
        if (message.DeliveryCount <= 1)
        {
            metrics.Taken(QueueNames.Deliveries, time.GetUtcNow() - message.EnqueuedTime);
        }

        var settlement = DeliveryMessage.TryParse(message, out var delivery, out var reason)
            ? await ProcessAsync(delivery, message, cancellationToken)
            : Settlement.DeadLetter(DeliveryDeadLetterReason.MalformedDelivery, reason);

        // A settlement that fails is not put off, but thrown: the message comes back by itself, and a copy would be one delivery too many.
        if (settlement.Reason is null)
        {
            await actions.CompleteMessageAsync(message, CancellationToken.None);
        }
        else
        {
            await actions.DeadLetterMessageAsync(
                message, deadLetterReason: settlement.Reason, deadLetterErrorDescription: settlement.Description, cancellationToken: CancellationToken.None);
        }
    }

    private async Task<Settlement> ProcessAsync(DeliveryMessage delivery, ServiceBusReceivedMessage message, CancellationToken cancellationToken)
    {
        try
        {
            return await processor.ProcessAsync(delivery, MessageBody.Read(message) ?? default, cancellationToken);
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            // The trigger's edge: nothing that fails on our side is a reason to give up.
            if (TransientFaults.Is(exception) && await TryPutOffAsync(delivery, exception, cancellationToken))
            {
                return Settlement.Complete;
            }

            // The message comes back as soon as this throws: it and its like must not circle.
            await Task.Delay(TransientFaults.Pause(message.DeliveryCount), time, cancellationToken);
            throw;
        }
    }

    private async Task<bool> TryPutOffAsync(DeliveryMessage delivery, Exception trouble, CancellationToken cancellationToken)
    {
        var wait = TransientFaults.Wait(delivery.Hold, random);
        var held = delivery with { Hold = delivery.Hold + 1 };
        try
        {
            await queue.ScheduleMessageAsync(held.ToServiceBusMessage(payload: default), time.GetUtcNow() + wait, cancellationToken);
            metrics.MessageHeld(QueueNames.Deliveries, AppMetrics.HeldForTrouble);
            Log.PutOff(logger, trouble, delivery.EventId, delivery.SubscriptionId, delivery.Attempt, wait.TotalSeconds);
            return true;
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            Log.NotPutOff(logger, exception, delivery.EventId, delivery.SubscriptionId, delivery.Attempt);
            return false;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "The delivery of event {EventId} to subscription {SubscriptionId}, attempt {Attempt}, is put off by {Seconds:0} s: our own trouble.")]
        public static partial void PutOff(ILogger logger, Exception exception, EventId eventId, SubscriptionId subscriptionId, int attempt, double seconds);

        [LoggerMessage(LogLevel.Error, "The delivery of event {EventId} to subscription {SubscriptionId}, attempt {Attempt}, could not even be put off; its message will come back.")]
        public static partial void NotPutOff(ILogger logger, Exception exception, EventId eventId, SubscriptionId subscriptionId, int attempt);
    }
}
