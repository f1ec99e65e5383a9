using Azure.Messaging.ServiceBus;
using EventSubscriptions.Queues;
using EventSubscriptions.Storage;
using EventSubscriptions.Telemetry;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace EventSubscriptions.Replays;

/// <summary>Does one slice of a replay an invocation, from the queue <c>replays</c>.</summary>
public sealed partial class ReplayFunction(
    ReplayProcessor runner,
    [FromKeyedServices(QueueNames.Replays)] ServiceBusSender queue,
    AppMetrics metrics,
    TimeProvider time,
    Random random,
    ILogger<ReplayFunction> logger)
{
    /// <summary>Why a message that is no slice is dead-lettered.</summary>
    public const string MalformedReplay = "MalformedReplay";

    /// <summary>Does the slice, then settles its message. What fails on our side puts the slice off.</summary>
    [Function("Replay")]
    public async Task RunAsync(
        [ServiceBusTrigger(QueueNames.Replays, Connection = "ServiceBus", AutoCompleteMessages = false)] ServiceBusReceivedMessage message,
        ServiceBusMessageActions actions,
        CancellationToken cancellationToken)
    {
        if (message.DeliveryCount <= 1)
        {
            metrics.Taken(QueueNames.Replays, time.GetUtcNow() - message.EnqueuedTime);
        }

        if (ReplayMessage.TryParse(message, out var slice))
        {
            await ProcessAsync(slice, message, cancellationToken);
            await actions.CompleteMessageAsync(message, CancellationToken.None);
        }
        else
        {
            await actions.DeadLetterMessageAsync(
                message,
                deadLetterReason: MalformedReplay,
                deadLetterErrorDescription: "The message's properties are not those of a slice of a replay.",
                cancellationToken: CancellationToken.None);
        }
    }

    private async Task ProcessAsync(ReplayMessage slice, ServiceBusReceivedMessage message, CancellationToken cancellationToken)
    {
        try
        {
            await runner.RunAsync(slice, cancellationToken);
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            // The trigger's edge: nothing that fails on our side is a reason to give up.
            if (TransientFaults.Is(exception) && await TryPutOffAsync(slice, exception, cancellationToken))
            {
                return;
            }

            // The message comes back as soon as this throws: it must not circle.
            await Task.Delay(TransientFaults.Pause(message.DeliveryCount), time, cancellationToken);
            throw;
        }
    }

    private async Task<bool> TryPutOffAsync(ReplayMessage slice, Exception trouble, CancellationToken cancellationToken)
    {
        var wait = TransientFaults.Wait(slice.Hold, random);
        try
        {
            await queue.ScheduleMessageAsync((slice with { Hold = slice.Hold + 1 }).ToServiceBusMessage(), time.GetUtcNow() + wait, cancellationToken);
            metrics.MessageHeld(QueueNames.Replays, AppMetrics.HeldForTrouble);
            Log.PutOff(logger, trouble, slice.Slice, slice.ReplayId, wait.TotalSeconds);
            return true;
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            Log.NotPutOff(logger, exception, slice.Slice, slice.ReplayId);
            return false;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "Slice {Slice} of the replay {ReplayId} is put off by {Seconds:0} s: our own trouble.")]
        public static partial void PutOff(ILogger logger, Exception exception, int slice, ReplayId replayId, double seconds);

        [LoggerMessage(LogLevel.Error, "Slice {Slice} of the replay {ReplayId} could not even be put off; its message will come back.")]
        public static partial void NotPutOff(ILogger logger, Exception exception, int slice, ReplayId replayId);
    }
}
