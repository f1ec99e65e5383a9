using System.Diagnostics;
using Azure.Messaging.ServiceBus;
using EventSubscriptions.Events.Publishing;
using EventSubscriptions.Organizations;
using EventSubscriptions.Queues;
using EventSubscriptions.Storage;
using EventSubscriptions.Subscriptions;

namespace EventSubscriptions.Events.FanOut;

/// <summary>One message of a batch on its way through fan-out.</summary>
internal sealed class FanOutItem
{
    private FanOutItem(ServiceBusReceivedMessage message, bool isCopy) => (Message, IsCopy) = (message, isCopy);

    public ServiceBusReceivedMessage Message { get; }

    /// <summary>Whether the message is a copy from the queue <c>fanout</c>.</summary>
    public bool IsCopy { get; }

    public EventId EventId { get; private init; }

    public string EventName { get; private init; } = "";

    public OrganizationId Organization { get; private init; }

    public ReadOnlyMemory<byte> Payload { get; private init; }

    /// <summary>The subscription behind which to go on, or null to begin.</summary>
    public string? After { get; private init; }

    /// <summary>How often the event was put off.</summary>
    public int Hold { get; private init; }

    public DateTimeOffset PublishedAt { get; private init; }

    /// <summary>Whether the event is in the archive.</summary>
    public bool IsArchived { get; set; }

    public string? TraceParent { get; private init; }

    /// <summary>The event's own part of what the batch does, where somebody listens.</summary>
    public Activity? Activity { get; set; }

    /// <summary>How many deliveries were made here.</summary>
    public int Deliveries { get; set; }

    public ActiveSubscriptions? Subscriptions { get; set; }

    /// <summary>Why the event can never be fanned out.</summary>
    public Refusal? Refusal { get; private set; }

    /// <summary>What was thrown, where something was.</summary>
    public Exception? Failure { get; private set; }

    /// <summary>Whether a copy of the message tries again later.</summary>
    public bool IsPutOff { get; set; }

    /// <summary>Whether the event still has to be worked on.</summary>
    public bool IsOpen => Refusal is null && Failure is null;

    public FanOutResult Result => this switch
    {
        { Refusal: { } refusal } => new FanOutResult.Refused(refusal.Reason, refusal.Description),
        { Failure: null } or { IsPutOff: true } => FanOutResult.Done.Instance,
        { Failure: var failure } => TransientFaults.Is(failure) ? new FanOutResult.Stuck(failure) : FanOutResult.Failed.Instance,
    };

    public static FanOutItem Read(ServiceBusReceivedMessage message, bool isCopy)
    {
        if (MessageBody.Read(message) is not { } body)
        {
            return new FanOutItem(message, isCopy)
            {
                Refusal = new(EventDeadLetterReason.MalformedEvent, "The message's body is an AMQP sequence or a value that is no text. Send JSON as binary data."),
            };
        }

        var envelope = EventEnvelope.Read(body);
        if (envelope.Problem is not null)
        {
            return new FanOutItem(message, isCopy) { Refusal = new(EventDeadLetterReason.MalformedEvent, envelope.Problem) };
        }

        return new FanOutItem(message, isCopy)
        {
            EventId = EventMessage.IdOf(message),
            EventName = envelope.EventName!,
            Organization = envelope.Organization!.Value,
            Payload = envelope.Payload,
            PublishedAt = EventMessage.PublishedAtOf(message, isCopy),
            After = isCopy ? EventMessage.AfterOf(message) : null,
            IsArchived = isCopy && EventMessage.IsArchived(message),
            Hold = isCopy ? EventMessage.HoldOf(message) : 0,
            TraceParent = EventMessage.TraceParentOf(message),
            Refusal = envelope.Payload.Length <= EventPayload.MaxBytes
                ? null
                : new(EventDeadLetterReason.PayloadTooLarge, $"The payload has {envelope.Payload.Length} bytes; at most {EventPayload.MaxBytes} are allowed."),
        };
    }

    public void Refuse(string reason, string description) => Refusal = new(reason, description);

    public void Fail(Exception exception) => Failure ??= exception;
}

/// <summary>Why an event is dead-lettered: a reason for programs and a description for people.</summary>
internal sealed record Refusal(string Reason, string Description);
