using Azure.Messaging.ServiceBus;
using EventSubscriptions.Storage;
using EventSubscriptions.Telemetry;
using Microsoft.Extensions.Logging;

namespace EventSubscriptions.Queues;

/// <summary>Puts dead letters that were given up in passing back on their queue, and has the others recorded.</summary>
public sealed partial class DeadLetterHandler(AppMetrics metrics, TimeProvider time, ILogger<DeadLetterHandler> logger)
{
    /// <summary>How long to wait before a failure is thrown: a dead-letter queue delivers again at once and for ever.</summary>
    private static readonly TimeSpan s_pause = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Returns once the dead letter is dealt with. A crash before it is completed may put it back or record it twice: the queue drops the one,
    /// people can bear the other.
    /// </summary>
    /// <param name="deadLetter">The dead letter.</param>
    /// <param name="kind">What is on its queue.</param>
    /// <param name="queue">The queue itself.</param>
    /// <param name="recordAsync">Records it.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    public async Task HandleAsync(
        ServiceBusReceivedMessage deadLetter,
        DeadLetterKind kind,
        ServiceBusSender queue,
        Func<ServiceBusReceivedMessage, CancellationToken, Task> recordAsync,
        CancellationToken cancellationToken)
    {
        try
        {
            if (!await TryPutBackAsync(deadLetter, kind, queue, cancellationToken))
            {
                await recordAsync(deadLetter, cancellationToken);
                metrics.DeadLetterRecorded(kind.Queue, deadLetter.DeadLetterReason, kind.Reasons);
            }
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            Log.NotRecorded(logger, exception, deadLetter.MessageId, kind.Queue);
            await Task.Delay(s_pause, time, cancellationToken);
            throw;
        }
    }

    /// <summary>Says no where the dead letter is to be recorded: by the policy, or since its copy will never be taken, however often it is sent.</summary>
    private async Task<bool> TryPutBackAsync(ServiceBusReceivedMessage deadLetter, DeadLetterKind kind, ServiceBusSender queue, CancellationToken cancellationToken)
    {
        if (DeadLetterPolicy.PutBackAfter(deadLetter.DeadLetterReason, DeadLetterPolicy.ReturnedOf(deadLetter)) is not { } wait)
        {
            return false;
        }

        try
        {
            await queue.SendMessageAsync(kind.PutBack(deadLetter, time.GetUtcNow() + wait), cancellationToken);
            return true;
        }
        catch (Exception exception) when (!TransientFaults.Is(exception))
        {
            Log.NotPutBack(logger, exception, deadLetter.MessageId, kind.Queue);
            return false;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Error, "The dead letter {MessageId} of the queue {Queue} can't be put back and is recorded instead.")]
        public static partial void NotPutBack(ILogger logger, Exception exception, string? messageId, string queue);

        [LoggerMessage(LogLevel.Error, "The dead letter {MessageId} of the queue {Queue} could be neither put back nor recorded; it will be delivered again.")]
        public static partial void NotRecorded(ILogger logger, Exception exception, string? messageId, string queue);
    }
}

/// <summary>The dead letters of one queue.</summary>
/// <param name="Queue">The queue's name.</param>
/// <param name="Reasons">Why the app itself gives messages up.</param>
/// <param name="PutBack">Makes the copy that is put back, for a time.</param>
public sealed record DeadLetterKind(string Queue, IReadOnlyList<string> Reasons, Func<ServiceBusReceivedMessage, DateTimeOffset, ServiceBusMessage> PutBack);
