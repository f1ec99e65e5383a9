using Azure.Messaging.ServiceBus;
using EventSubscriptions.Audit;
using EventSubscriptions.Events.Publishing;
using EventSubscriptions.Queues;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.DependencyInjection;

namespace EventSubscriptions.Events.FanOut;

/// <summary>Requeues events that failed because of a fault on our side, and records the others in the audit log.</summary>
public sealed class EventDeadLetterFunctions(
    DeadLetterHandler handler,
    AuditLog audit,
    [FromKeyedServices(QueueNames.FanOut)] ServiceBusSender fanOut,
    TimeProvider time
)
{
    private readonly DeadLetterSource _events = new(
        QueueNames.Events,
        (deadLetter, until) => EventMessage.TryParse(deadLetter, out var message, out _) ? message.ToRequeued(until) : null,
        fanOut
    );

    private readonly DeadLetterSource _copies = new(
        QueueNames.FanOut,
        (deadLetter, until) => EventMessage.TryParseCopy(deadLetter, out var message, out _) ? message.ToRequeued(until) : null,
        fanOut
    );

    /// <summary>Handles dead letters of the queue <c>events</c>.</summary>
    [Function("RecordEventDeadLetters")]
    public Task RunAsync(
        [ServiceBusTrigger(QueueNames.EventDeadLetters, Connection = "ServiceBus", AutoCompleteMessages = true)]
            ServiceBusReceivedMessage deadLetter,
        CancellationToken cancellationToken
    ) => handler.HandleAsync(deadLetter, _events, RecordAsync, cancellationToken);

    /// <summary>Handles dead letters of the queue <c>fanout</c>.</summary>
    [Function(nameof(RecordFanOutDeadLetters))]
    public Task RecordFanOutDeadLetters(
        [ServiceBusTrigger(QueueNames.FanOutDeadLetters, Connection = "ServiceBus", AutoCompleteMessages = true)]
            ServiceBusReceivedMessage deadLetter,
        CancellationToken cancellationToken
    ) => handler.HandleAsync(deadLetter, _copies, RecordAsync, cancellationToken);

    private Task RecordAsync(ServiceBusReceivedMessage deadLetter, DeadLetterCause cause, CancellationToken cancellationToken)
    {
        var envelope = MessageBody.Read(deadLetter) is { } body ? EventEnvelope.Read(body) : default;
        var entry = new AuditEntry
        {
            Type = AuditType.EventDeadLettered,
            Timestamp = time.GetUtcNow(),
            OrganizationId = envelope.Organization,
            EventId = EventMessage.IdOf(deadLetter).ToString(),
            EventName = envelope.EventName?.ToString(),
            Error = new AuditError(cause.Name, cause.Description, Hint(cause.Reason)),
        };
        return audit.AppendAsync(entry, cancellationToken);
    }

    private static string Hint(DeadLetterReason? reason) =>
        reason switch
        {
            DeadLetterReason.MalformedEvent =>
                "The producer must send one JSON object with eventName (a string), organizationId (a number) and data (an object).",
            DeadLetterReason.PayloadTooLarge =>
                $"Shorten the event's data: name, organization and data may have {EventPayload.MaxBytes / 1024} KiB together.",
            DeadLetterReason.IdReused => "The producer must give each event its own id, and repeat an id only with the very same event.",
            DeadLetterReason.ReservedName => "The producer must give the event another name.",
            DeadLetterReason.MaxDeliveryCountExceeded =>
                "Fan-out of this event failed repeatedly. The app's log has the reason; publish the event again after the cause is fixed.",
            _ => "Another application dead-lettered the message. Check what else reads the queue.",
        };
}
