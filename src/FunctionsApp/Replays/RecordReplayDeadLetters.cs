using Azure.Messaging.ServiceBus;
using EventSubscriptions.Audit;
using EventSubscriptions.Storage;
using EventSubscriptions.Telemetry;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace EventSubscriptions.Replays;

/// <summary>Puts slices of replays that were given up in passing back on their queue, and ends the replays of the others.</summary>
public sealed partial class RecordReplayDeadLetters(
    ReplayRunner runner,
    AuditLog audit,
    AppMetrics metrics,
    [FromKeyedServices(QueueNames.Replays)] ServiceBusSender replays,
    TimeProvider time,
    ILogger<RecordReplayDeadLetters> logger)
{
    /// <summary>How long to wait before a failure is thrown: a dead-letter queue delivers again at once and for ever.</summary>
    private static readonly TimeSpan s_pause = TimeSpan.FromSeconds(5);

    private static readonly string[] s_reasons = [ReplaySlice.MalformedReplay, DeadLetterPolicy.MaxDeliveryCountExceeded];

    /// <summary>The dead letter is completed when this returns. A crash before that may do the same twice, which changes nothing.</summary>
    [Function(nameof(RecordReplayDeadLetters))]
    public async Task RunAsync(
        [ServiceBusTrigger(QueueNames.ReplayDeadLetters, Connection = "ServiceBus", AutoCompleteMessages = true)] ServiceBusReceivedMessage deadLetter,
        CancellationToken cancellationToken)
    {
        try
        {
            if (DeadLetterPolicy.PutBackAfter(deadLetter.DeadLetterReason, DeadLetterPolicy.ReturnedOf(deadLetter)) is { } wait)
            {
                await replays.SendMessageAsync(DeadLetterPolicy.PutBack(deadLetter, time.GetUtcNow() + wait), cancellationToken);
            }
            else
            {
                await RecordAsync(deadLetter, cancellationToken);
                metrics.DeadLetterRecorded(QueueNames.Replays, deadLetter.DeadLetterReason, s_reasons);
            }
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            Log.NotRecorded(logger, exception, deadLetter.MessageId);
            await Task.Delay(s_pause, time, cancellationToken);
            throw;
        }
    }

    private Task RecordAsync(ServiceBusReceivedMessage deadLetter, CancellationToken cancellationToken)
    {
        var reason = deadLetter.DeadLetterReason ?? "Unknown";
        var description = deadLetter.DeadLetterErrorDescription ?? "The message was given up without a description.";
        if (ReplayMessage.TryParse(deadLetter, out var slice))
        {
            return runner.FailAsync(slice, new ReplayFailure(reason, description), cancellationToken);
        }

        return audit.AppendAsync(
            new AuditEntry
            {
                Type = AuditType.ReplayEnded,
                Timestamp = time.GetUtcNow(),
                Error = new AuditError(reason, description, "Something other than this app writes to the queue replays."),
            },
            cancellationToken);
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Error, "The dead letter {MessageId} could be neither put back nor recorded; it will be delivered again.")]
        public static partial void NotRecorded(ILogger logger, Exception exception, string? messageId);
    }
}
