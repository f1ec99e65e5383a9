using System.Diagnostics;
using Azure.Messaging.ServiceBus;
using EventSubscriptions.Storage;
using EventSubscriptions.Subscriptions;

namespace EventSubscriptions.Events;

/// <summary>One message of a batch on its way through fan-out.</summary>
internal sealed class FanOutItem
{
    private FanOutItem(ServiceBusReceivedMessage message) => Message = message;

    public ServiceBusReceivedMessage Message { get; }

    public EventId EventId { get; private init; }

    public string EventName { get; private init; } = "";

    public OrganizationId Organization { get; private init; }

    public ReadOnlyMemory<byte> Payload { get; private init; }

    public string? After { get; private init; }

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
        { Failure: var failure } => OwnTrouble.Is(failure) ? new FanOutResult.Stuck(failure) : FanOutResult.Failed.Instance,
    };

    public static FanOutItem Read(ServiceBusReceivedMessage message)
    {
        var envelope = EventEnvelope.Read(message.Body.ToMemory());
        if (envelope.Problem is not null)
        {
            return new FanOutItem(message) { Refusal = new(EventDeadLetterReason.MalformedEvent, envelope.Problem) };
        }

        return new FanOutItem(message)
        {
            EventId = EventMessage.IdOf(message),
            EventName = envelope.EventName!,
            Organization = envelope.Organization!.Value,
            Payload = envelope.Payload,
            After = EventMessage.AfterOf(message),
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
