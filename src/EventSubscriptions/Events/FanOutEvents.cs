using System.Runtime.ExceptionServices;
using Azure.Messaging.ServiceBus;
using EventSubscriptions.Storage;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Logging;

namespace EventSubscriptions.Events;

/// <summary>Takes events from their queue and puts their deliveries on the next.</summary>
public sealed partial class FanOutEvents(EventFanOut fanOut, TimeProvider time, ILogger<FanOutEvents> logger)
{
    /// <summary>How long nothing is taken from the queue while neither tables nor queues can be reached.</summary>
    private static readonly TimeSpan s_pause = TimeSpan.FromSeconds(5);

    /// <summary>Messages are completed when this returns; only the exceptions are settled here.</summary>
    [Function(nameof(FanOutEvents))]
    public async Task RunAsync(
        [ServiceBusTrigger(QueueNames.Events, Connection = "ServiceBus", IsBatched = true, AutoCompleteMessages = true)] ServiceBusReceivedMessage[] messages,
        ServiceBusMessageActions actions,
        CancellationToken cancellationToken)
    {
        var results = await fanOut.RunAsync(messages, cancellationToken);

        Exception? failure = null;
        foreach (var (message, result) in messages.Zip(results))
        {
            // Returning would complete what could not be settled, so the batch fails; all the rest is safe to be done again.
            try
            {
                await SettleAsync(message, result, actions, cancellationToken);
            }
            catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
            {
                Log.NotSettled(logger, exception, EventMessage.IdOf(message));
                failure = exception;
            }
        }

        failure ??= results.OfType<FanOutResult.Stuck>().FirstOrDefault()?.Cause;
        if (failure is not null)
        {
            await Task.Delay(s_pause, time, cancellationToken);
            ExceptionDispatchInfo.Throw(failure);
        }
    }

    private static Task SettleAsync(
        ServiceBusReceivedMessage message, FanOutResult result, ServiceBusMessageActions actions, CancellationToken cancellationToken) => result switch
        {
            FanOutResult.Refused refused => actions.DeadLetterMessageAsync(message, null, refused.Reason, refused.Description, cancellationToken),
            FanOutResult.Failed => actions.AbandonMessageAsync(message, null, cancellationToken),
            _ => Task.CompletedTask,
        };

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "The message of event {EventId} could not be settled; its batch will be delivered again.")]
        public static partial void NotSettled(ILogger logger, Exception exception, EventId eventId);
    }
}
