using System.Runtime.ExceptionServices;
using Azure.Messaging.ServiceBus;
using EventSubscriptions.Storage;
using EventSubscriptions.Telemetry;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Logging;

namespace EventSubscriptions.Queues;

/// <summary>What all queue functions share: parse each message once, process it, postpone it after a transient fault, settle it.</summary>
/// <remarks>
/// 1. A malformed message is dead-lettered.
/// 2. A message that fails with a transient fault is postponed: a copy is scheduled and the original completed. No attempt is used up.
/// 3. If that fails too, or the fault is a bug, the message is abandoned, so that Service Bus redelivers it. It does so at once, therefore
/// the    worker pauses first. After 10 deliveries the message is dead-lettered and requeued by <see cref="DeadLetterHandler"/>.
/// </remarks>
public sealed partial class QueueWorker(AppMetrics metrics, TimeProvider time, Random random, ILogger<QueueWorker> logger)
{
    private const int ParallelSends = 64;

    /// <summary>Processes one message of a function without automatic completion.</summary>
    public async Task RunAsync<TMessage>(
        QueueSource<TMessage> source,
        ServiceBusReceivedMessage received,
        Func<TMessage, CancellationToken, Task<Settlement>> process,
        ServiceBusMessageActions actions,
        CancellationToken cancellationToken
    )
        where TMessage : class, IQueueMessage
    {
        MeasureWait(source.Queue, received);
        var settlement = source.TryParse(received, out var message, out var malformed)
            ? await ProcessAsync(source, message, received.DeliveryCount, process, cancellationToken)
            : malformed;

        // A settlement that fails is thrown: the message is redelivered anyway, and a postponed copy would be one delivery too many.
        await (
            settlement is Settlement.DeadLetter deadLetter
                ? DeadLetterAsync(received, deadLetter, actions, CancellationToken.None)
                : actions.CompleteMessageAsync(received, CancellationToken.None)
        );
    }

    /// <summary>
    /// Processes the messages of a function with automatic completion: only exceptions to it are settled here. A message that fails never
    /// affects the others of its batch.
    /// </summary>
    public async Task RunBatchAsync<TMessage>(
        QueueSource<TMessage> source,
        IReadOnlyList<ServiceBusReceivedMessage> received,
        Func<IReadOnlyList<TMessage>, CancellationToken, Task<IReadOnlyList<Settlement>>> process,
        ServiceBusMessageActions actions,
        CancellationToken cancellationToken
    )
        where TMessage : class, IQueueMessage
    {
        var settlements = new Settlement[received.Count];
        List<TMessage> messages = [];
        List<int> positions = [];
        for (var i = 0; i < received.Count; i++)
        {
            MeasureWait(source.Queue, received[i]);
            if (source.TryParse(received[i], out var message, out var malformed))
            {
                messages.Add(message);
                positions.Add(i);
            }
            else
            {
                settlements[i] = malformed;
            }
        }

        var results = await PostponeAsync(source, messages, await process(messages, cancellationToken), cancellationToken);
        for (var i = 0; i < results.Length; i++)
        {
            settlements[positions[i]] = results[i];
        }

        if (settlements.Any(settlement => settlement is Settlement.Retry { Cause: var cause } && TransientFaults.IsTransient(cause)))
        {
            // What is done stays locked meanwhile. If the app ends now, it is safely done again.
            await Task.Delay(TransientFaults.RedeliveryDelay(received.Max(message => message.DeliveryCount)), time, cancellationToken);
        }

        await SettleAsync(received, settlements, actions, cancellationToken);
    }

    private void MeasureWait(string queue, ServiceBusReceivedMessage received)
    {
        if (received.DeliveryCount <= 1)
        {
            metrics.MessageReceived(queue, time.GetUtcNow() - received.EnqueuedTime);
        }
    }

    private async Task<Settlement> ProcessAsync<TMessage>(
        QueueSource<TMessage> source,
        TMessage message,
        int deliveryCount,
        Func<TMessage, CancellationToken, Task<Settlement>> process,
        CancellationToken cancellationToken
    )
        where TMessage : class, IQueueMessage
    {
        try
        {
            return await process(message, cancellationToken);
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            // The edge of the trigger: whatever it is, a fault on our side must not dead-letter the message.
            if (TransientFaults.IsTransient(exception) && await TryPostponeAsync(source, message, exception, cancellationToken))
            {
                return Settlement.Completed;
            }

            await Task.Delay(TransientFaults.RedeliveryDelay(deliveryCount), time, cancellationToken);
            throw;
        }
    }

    /// <summary>Postpones the messages that failed with a transient fault. Those that remain to be retried must be abandoned.</summary>
    private async Task<Settlement[]> PostponeAsync<TMessage>(
        QueueSource<TMessage> source,
        List<TMessage> messages,
        IReadOnlyList<Settlement> settlements,
        CancellationToken cancellationToken
    )
        where TMessage : class, IQueueMessage
    {
        Settlement[] results = [.. settlements];
        var retries = Enumerable.Range(0, results.Length).Where(i => results[i] is Settlement.Retry);
        var options = new ParallelOptions { MaxDegreeOfParallelism = ParallelSends, CancellationToken = cancellationToken };
        await Parallel.ForEachAsync(
            retries,
            options,
            async (i, cancel) =>
            {
                var cause = ((Settlement.Retry)results[i]).Cause;
                if (!TransientFaults.IsTransient(cause))
                {
                    Log.Failed(logger, cause, messages[i]);
                }
                else if (await TryPostponeAsync(source, messages[i], cause, cancel))
                {
                    results[i] = Settlement.Completed;
                }
            }
        );
        return results;
    }

    private async Task<bool> TryPostponeAsync<TMessage>(
        QueueSource<TMessage> source,
        TMessage message,
        Exception cause,
        CancellationToken cancellationToken
    )
        where TMessage : class, IQueueMessage
    {
        var delay = TransientFaults.PostponementDelay(message.Postponements, random);
        var until = time.GetUtcNow() + delay;
        try
        {
            await source.PostponeTo.ScheduleMessageAsync(message.ToPostponed(until), until, cancellationToken);
            metrics.MessagePostponed(source.Queue, AppMetrics.TransientFault);
            Log.Postponed(logger, cause, message, delay.TotalSeconds, message.Postponements + 1);
            return true;
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            Log.NotPostponed(logger, exception, message);
            return false;
        }
    }

    private async Task SettleAsync(
        IReadOnlyList<ServiceBusReceivedMessage> received,
        Settlement[] settlements,
        ServiceBusMessageActions actions,
        CancellationToken cancellationToken
    )
    {
        Exception? failure = null;
        for (var i = 0; i < settlements.Length; i++)
        {
            failure = await TrySettleAsync(received[i], settlements[i], actions, cancellationToken) ?? failure;
        }

        if (failure is null)
        {
            return;
        }

        // Returning would complete a message that could not be settled, and throwing abandons all: complete what is done first.
        await Task.WhenAll(
            received
                .Zip(settlements)
                .Where(pair => pair.Second is Settlement.Complete)
                .Select(pair => TryAsync(pair.First, () => actions.CompleteMessageAsync(pair.First, cancellationToken), cancellationToken))
        );
        await Task.Delay(TransientFaults.RedeliveryDelay(deliveryCount: 1), time, cancellationToken);
        ExceptionDispatchInfo.Throw(failure);
    }

    private Task<Exception?> TrySettleAsync(
        ServiceBusReceivedMessage received,
        Settlement settlement,
        ServiceBusMessageActions actions,
        CancellationToken cancellationToken
    ) =>
        settlement switch
        {
            Settlement.DeadLetter deadLetter => TryAsync(
                received,
                () => DeadLetterAsync(received, deadLetter, actions, cancellationToken),
                cancellationToken
            ),
            Settlement.Retry => TryAsync(received, () => actions.AbandonMessageAsync(received, null, cancellationToken), cancellationToken),
            _ => Task.FromResult<Exception?>(null),
        };

    private async Task<Exception?> TryAsync(ServiceBusReceivedMessage received, Func<Task> settle, CancellationToken cancellationToken)
    {
        try
        {
            await settle();
            return null;
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            Log.NotSettled(logger, exception, received.MessageId);
            return exception;
        }
    }

    private static Task DeadLetterAsync(
        ServiceBusReceivedMessage received,
        Settlement.DeadLetter deadLetter,
        ServiceBusMessageActions actions,
        CancellationToken cancellationToken
    ) => actions.DeadLetterMessageAsync(received, null, deadLetter.Reason.ToString(), deadLetter.Description, cancellationToken);

    private static partial class Log
    {
        [LoggerMessage(
            LogLevel.Warning,
            "Postponed the {Message} by {Seconds:0} s (postponement {Count}): storage or Service Bus is unavailable."
        )]
        public static partial void Postponed(ILogger logger, Exception exception, IQueueMessage message, double seconds, int count);

        [LoggerMessage(LogLevel.Error, "Could not postpone the {Message}; it will be redelivered.")]
        public static partial void NotPostponed(ILogger logger, Exception exception, IQueueMessage message);

        [LoggerMessage(LogLevel.Error, "Processing the {Message} failed; it will be redelivered.")]
        public static partial void Failed(ILogger logger, Exception exception, IQueueMessage message);

        [LoggerMessage(LogLevel.Warning, "Could not settle the message {MessageId}; it will be redelivered.")]
        public static partial void NotSettled(ILogger logger, Exception exception, string? messageId);
    }
}
