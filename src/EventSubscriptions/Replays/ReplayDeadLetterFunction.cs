using Azure.Messaging.ServiceBus;
using EventSubscriptions.Audit;
using EventSubscriptions.Queues;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.DependencyInjection;

namespace EventSubscriptions.Replays;

/// <summary>Puts slices of replays that were given up in passing back on their queue, and ends the replays of the others.</summary>
public sealed class ReplayDeadLetterFunction(
    DeadLetterHandler desk,
    ReplayProcessor runner,
    AuditLog audit,
    [FromKeyedServices(QueueNames.Replays)] ServiceBusSender replays,
    TimeProvider time)
{
    private static readonly DeadLetterKind s_kind = new(QueueNames.Replays, [ReplayFunction.MalformedReplay, DeadLetterPolicy.MaxDeliveryCountExceeded], DeadLetterPolicy.PutBack);

    /// <summary>The dead letter is completed when this returns.</summary>
    [Function("RecordReplayDeadLetters")]
    public Task RunAsync(
        [ServiceBusTrigger(QueueNames.ReplayDeadLetters, Connection = "ServiceBus", AutoCompleteMessages = true)] ServiceBusReceivedMessage deadLetter,
        CancellationToken cancellationToken) =>
        desk.HandleAsync(deadLetter, s_kind, replays, RecordAsync, cancellationToken);

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
}
