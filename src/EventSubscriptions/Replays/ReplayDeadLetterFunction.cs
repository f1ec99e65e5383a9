using Azure.Messaging.ServiceBus;
using EventSubscriptions.Audit;
using EventSubscriptions.Queues;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.DependencyInjection;

namespace EventSubscriptions.Replays;

/// <summary>Requeues slices that failed because of a fault on our side, and ends the replays of the others.</summary>
public sealed class ReplayDeadLetterFunction(
    DeadLetterHandler handler,
    ReplayLifecycle replays,
    AuditLog audit,
    [FromKeyedServices(QueueNames.Replays)] ServiceBusSender queue,
    TimeProvider time
)
{
    private readonly DeadLetterSource _source = new(QueueNames.Replays, DeadLetterPolicy.Requeue, queue);

    [Function("RecordReplayDeadLetters")]
    public Task RunAsync(
        [ServiceBusTrigger(QueueNames.ReplayDeadLetters, Connection = "ServiceBus", AutoCompleteMessages = true)]
            ServiceBusReceivedMessage deadLetter,
        CancellationToken cancellationToken
    ) => handler.HandleAsync(deadLetter, _source, RecordAsync, cancellationToken);

    private Task RecordAsync(ServiceBusReceivedMessage deadLetter, DeadLetterCause cause, CancellationToken cancellationToken)
    {
        if (ReplayMessage.TryParse(deadLetter, out var slice, out _))
        {
            return replays.FailAsync(slice, new ReplayFailure(cause.Name, cause.Description), cancellationToken);
        }

        var entry = new AuditEntry
        {
            Type = AuditType.ReplayEnded,
            Timestamp = time.GetUtcNow(),
            Error = new AuditError(
                cause.Name,
                cause.Description,
                "Another application writes to the queue replays. Check who may send to it."
            ),
        };
        return audit.AppendAsync(entry, cancellationToken);
    }
}
