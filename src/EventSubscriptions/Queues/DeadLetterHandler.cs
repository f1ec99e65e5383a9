using Azure.Messaging.ServiceBus;
using EventSubscriptions.Storage;
using EventSubscriptions.Telemetry;
using Microsoft.Extensions.Logging;

namespace EventSubscriptions.Queues;

/// <summary>Requeues dead letters that <see cref="DeadLetterPolicy"/> gives another chance, and has the others recorded.</summary>
public sealed partial class DeadLetterHandler(AppMetrics metrics, TimeProvider time, ILogger<DeadLetterHandler> logger)
{
    /// <summary>How long to pause before a failure is thrown: a dead-letter queue redelivers at once and without end.</summary>
    private static readonly TimeSpan s_pause = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Returns once the dead letter is requeued or recorded. A crash before it is completed may do so twice: duplicate detection drops a
    /// repeated copy; a repeated audit entry is harmless.
    /// </summary>
    public async Task HandleAsync(
        ServiceBusReceivedMessage deadLetter,
        DeadLetterSource source,
        Func<ServiceBusReceivedMessage, DeadLetterCause, CancellationToken, Task> recordAsync,
        CancellationToken cancellationToken
    )
    {
        var cause = DeadLetterCause.Of(deadLetter);
        try
        {
            if (!await TryRequeueAsync(deadLetter, cause, source, cancellationToken))
            {
                await recordAsync(deadLetter, cause, cancellationToken);
                metrics.DeadLetterRecorded(source.Queue, cause.Reason?.ToString());
            }
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            Log.NotRecorded(logger, exception, deadLetter.MessageId, source.Queue);
            await Task.Delay(s_pause, time, cancellationToken);
            throw;
        }
    }

    /// <summary>
    /// Returns false if the dead letter must be recorded, because policy says so or the queue will never accept the copy.
    /// </summary>
    private async Task<bool> TryRequeueAsync(
        ServiceBusReceivedMessage deadLetter,
        DeadLetterCause cause,
        DeadLetterSource source,
        CancellationToken cancellationToken
    )
    {
        if (
            DeadLetterPolicy.RequeueAfter(cause.Reason, DeadLetterPolicy.RequeuesOf(deadLetter)) is not { } delay
            || source.Requeue(deadLetter, time.GetUtcNow() + delay) is not { } copy
        )
        {
            return false;
        }

        try
        {
            await source.RequeueTo.SendMessageAsync(copy, cancellationToken);
            return true;
        }
        catch (Exception exception) when (!TransientFaults.IsTransient(exception))
        {
            Log.NotRequeued(logger, exception, deadLetter.MessageId, source.Queue);
            return false;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Error, "Could not requeue the dead letter {MessageId} of the queue {Queue}; it is recorded instead.")]
        public static partial void NotRequeued(ILogger logger, Exception exception, string? messageId, string queue);

        [LoggerMessage(
            LogLevel.Error,
            "Could neither requeue nor record the dead letter {MessageId} of the queue {Queue}; it will be redelivered."
        )]
        public static partial void NotRecorded(ILogger logger, Exception exception, string? messageId, string queue);
    }
}
