using Azure.Messaging.ServiceBus;
using EventSubscriptions.Audit;
using EventSubscriptions.Events.Publishing;
using EventSubscriptions.Queues;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.DependencyInjection;

namespace EventSubscriptions.Events.FanOut;

/// <summary>Puts events that were given up in passing back on their queue, and writes the others to the audit log.</summary>
public sealed class EventDeadLetterFunctions(
    DeadLetterHandler desk,
    AuditLog audit,
    [FromKeyedServices(QueueNames.FanOut)] ServiceBusSender copies,
    TimeProvider time)
{
    private static readonly string[] s_reasons = [.. EventDeadLetterReason.All, DeadLetterPolicy.MaxDeliveryCountExceeded];

    private static readonly DeadLetterKind s_events =
        new(QueueNames.Events, s_reasons, (deadLetter, until) => EventMessage.PutBack(deadLetter, until, isCopy: false));

    private static readonly DeadLetterKind s_copies =
        new(QueueNames.FanOut, s_reasons, (deadLetter, until) => EventMessage.PutBack(deadLetter, until, isCopy: true));

    /// <summary>The dead letter is completed when this returns.</summary>
    [Function("RecordEventDeadLetters")]
    public Task RunAsync(
        [ServiceBusTrigger(QueueNames.EventDeadLetters, Connection = "ServiceBus", AutoCompleteMessages = true)] ServiceBusReceivedMessage deadLetter,
        CancellationToken cancellationToken) =>
        desk.HandleAsync(deadLetter, s_events, copies, RecordAsync, cancellationToken);

    /// <summary>The same for what the queue <c>fanout</c> gave up.</summary>
    [Function(nameof(RecordFanOutDeadLetters))]
    public Task RecordFanOutDeadLetters(
        [ServiceBusTrigger(QueueNames.FanOutDeadLetters, Connection = "ServiceBus", AutoCompleteMessages = true)] ServiceBusReceivedMessage deadLetter,
        CancellationToken cancellationToken) =>
        desk.HandleAsync(deadLetter, s_copies, copies, RecordAsync, cancellationToken);

    private Task RecordAsync(ServiceBusReceivedMessage deadLetter, CancellationToken cancellationToken) =>
        audit.AppendAsync(ToEntry(deadLetter), cancellationToken);

    private AuditEntry ToEntry(ServiceBusReceivedMessage deadLetter)
    {
        var envelope = MessageBody.Read(deadLetter) is { } body ? EventEnvelope.Read(body) : default;
        var reason = deadLetter.DeadLetterReason ?? "Unknown";
        return new AuditEntry
        {
            Type = AuditType.EventDeadLettered,
            Timestamp = time.GetUtcNow(),
            OrganizationId = envelope.Organization,
            EventId = EventMessage.IdOf(deadLetter).ToString(),
            EventName = envelope.EventName,
            Error = new AuditError(reason, deadLetter.DeadLetterErrorDescription ?? "The message was given up without a description.", Hint(reason)),
        };
    }

    private static string Hint(string reason) => reason switch
    {
        EventDeadLetterReason.MalformedEvent =>
            "The producer must send one JSON object with eventName (a string), organizationId (a number) and data (an object).",
        EventDeadLetterReason.PayloadTooLarge =>
            $"Shorten the event's data: name, organization and data together may have {EventPayload.MaxBytes / 1024} KiB.",
        EventDeadLetterReason.IdReused =>
            "The producer must give each event an id of its own, and repeat an id only with the very same event.",
        DeadLetterPolicy.MaxDeliveryCountExceeded =>
            "Fan-out failed on this event time and again. The app's log says why; publish the event once more after it is repaired.",
        _ => "Something other than this app gave the message up. Look at what else reads the queue.",
    };
}
