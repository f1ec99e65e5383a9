using Azure.Messaging.ServiceBus;
using EventSubscriptions.Events;
using EventSubscriptions.Storage;
using EventSubscriptions.Telemetry;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using EventId = EventSubscriptions.Events.EventId;

namespace EventSubscriptions.Audit;

/// <summary>Puts events that were given up in passing back on their queue, and writes the others to the audit log.</summary>
public sealed partial class RecordEventDeadLetters(
    AuditLog audit,
    AppMetrics metrics,
    [FromKeyedServices(QueueNames.Events)] ServiceBusSender events,
    TimeProvider time,
    ILogger<RecordEventDeadLetters> logger)
{
    /// <summary>How long to wait before a failure is thrown: a dead-letter queue delivers again at once and for ever.</summary>
    private static readonly TimeSpan s_pause = TimeSpan.FromSeconds(5);

    private static readonly string[] s_reasons = [.. EventDeadLetterReason.All, DeadLetterPolicy.MaxDeliveryCountExceeded];

    /// <summary>The dead letter is completed when this returns. A crash before that may put back or record it twice: the queue drops the one, people can bear the other.</summary>
    [Function(nameof(RecordEventDeadLetters))]
    public async Task RunAsync(
        [ServiceBusTrigger(QueueNames.EventDeadLetters, Connection = "ServiceBus", AutoCompleteMessages = true)] ServiceBusReceivedMessage deadLetter,
        CancellationToken cancellationToken)
    {
        try
        {
            if (DeadLetterPolicy.PutBackAfter(deadLetter.DeadLetterReason, DeadLetterPolicy.ReturnedOf(deadLetter)) is { } wait)
            {
                await events.SendMessageAsync(EventMessage.PutBack(deadLetter, time.GetUtcNow() + wait), cancellationToken);
            }
            else
            {
                await audit.AppendAsync(ToEntry(deadLetter), cancellationToken);
                metrics.DeadLetterRecorded(QueueNames.Events, deadLetter.DeadLetterReason, s_reasons);
            }
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            Log.NotRecorded(logger, exception, EventMessage.IdOf(deadLetter));
            await Task.Delay(s_pause, time, cancellationToken);
            throw;
        }
    }

    private AuditEntry ToEntry(ServiceBusReceivedMessage deadLetter)
    {
        var envelope = EventEnvelope.Read(deadLetter.Body.ToMemory());
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

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Error, "The dead letter of event {EventId} could be neither put back nor recorded; it will be delivered again.")]
        public static partial void NotRecorded(ILogger logger, Exception exception, EventId eventId);
    }
}
