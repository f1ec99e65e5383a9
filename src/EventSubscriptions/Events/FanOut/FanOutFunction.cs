using System.Runtime.ExceptionServices;
using Azure.Messaging.ServiceBus;
using EventSubscriptions.Events.Publishing;
using EventSubscriptions.Queues;
using EventSubscriptions.Storage;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Logging;

namespace EventSubscriptions.Events.FanOut;

/// <summary>Takes events from their queues and puts their deliveries on the next.</summary>
public sealed partial class FanOutFunction(FanOutProcessor fanOut, TimeProvider time, ILogger<FanOutFunction> logger)
{
    /// <summary>Fans out what producers send. Messages are completed when this returns; only the exceptions are settled here.</summary>
    [Function("FanOut")]
    public Task RunAsync(
        [ServiceBusTrigger(QueueNames.Events, Connection = "ServiceBus", IsBatched = true, AutoCompleteMessages = true)] ServiceBusReceivedMessage[] messages,
        ServiceBusMessageActions actions,
        CancellationToken cancellationToken) => RunAsync(messages, isCopies: false, actions, cancellationToken);

    /// <summary>Goes on with events that were cut short, put off or put back.</summary>
    [Function(nameof(ContinueFanOut))]
    public Task ContinueFanOut(
        [ServiceBusTrigger(QueueNames.FanOut, Connection = "ServiceBus", IsBatched = true, AutoCompleteMessages = true)] ServiceBusReceivedMessage[] messages,
        ServiceBusMessageActions actions,
        CancellationToken cancellationToken) => RunAsync(messages, isCopies: true, actions, cancellationToken);

    private async Task RunAsync(ServiceBusReceivedMessage[] messages, bool isCopies, ServiceBusMessageActions actions, CancellationToken cancellationToken)
    {
        var results = await fanOut.RunAsync(messages, isCopies, cancellationToken);
        if (results.Any(result => result is FanOutResult.Stuck))
        {
            // What is done stays locked meanwhile: should the app end now, it is safe to be done again.
            await Task.Delay(TransientFaults.Pause(messages.Max(message => message.DeliveryCount)), time, cancellationToken);
        }

        Exception? failure = null;
        List<ServiceBusReceivedMessage> done = [];
        foreach (var (message, result) in messages.Zip(results))
        {
            try
            {
                if (result is FanOutResult.Done)
                {
                    done.Add(message);
                }
                else
                {
                    await SettleAsync(message, result, actions, cancellationToken);
                }
            }
            catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
            {
                Log.NotSettled(logger, exception, EventMessage.IdOf(message));
                failure = exception;
            }
        }

        if (failure is not null)
        {
            // Returning would complete what could not be settled. What is done is completed here, so that it doesn't come back with it.
            await Task.WhenAll(done.Select(message => CompleteAsync(message, actions, cancellationToken)));
            await Task.Delay(TransientFaults.Pause(1), time, cancellationToken);
            ExceptionDispatchInfo.Throw(failure);
        }
    }

    private async Task CompleteAsync(ServiceBusReceivedMessage message, ServiceBusMessageActions actions, CancellationToken cancellationToken)
    {
        try
        {
            await actions.CompleteMessageAsync(message, cancellationToken);
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            Log.NotSettled(logger, exception, EventMessage.IdOf(message));
        }
    }

    private static Task SettleAsync(
        ServiceBusReceivedMessage message, FanOutResult result, ServiceBusMessageActions actions, CancellationToken cancellationToken) => result switch
        {
            FanOutResult.Refused refused => actions.DeadLetterMessageAsync(message, null, refused.Reason, refused.Description, cancellationToken),
            _ => actions.AbandonMessageAsync(message, null, cancellationToken),
        };

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "The message of event {EventId} could not be settled; it will be delivered again.")]
        public static partial void NotSettled(ILogger logger, Exception exception, EventId eventId);
    }
}
