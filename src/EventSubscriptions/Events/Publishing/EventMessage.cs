using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Azure.Messaging.ServiceBus;
using EventSubscriptions.Organizations;
using EventSubscriptions.Queues;
using EventSubscriptions.Telemetry;

namespace EventSubscriptions.Events.Publishing;

/// <summary>
/// An event as a message. On the queue <c>events</c> it comes from a producer and is validated; on the queue <c>fanout</c> it is a copy
/// made by this app, which is trusted.
/// </summary>
public sealed record EventMessage : IQueueMessage
{
    private const string EventIdProperty = "eventId";
    private const string EventNameProperty = "eventName";
    private const string OrganizationProperty = "organizationId";
    private const string SourceProperty = "source";
    private const string PublishedAtProperty = "publishedAt";
    private const string AfterProperty = "after";
    private const string ArchivedProperty = "archived";
    private const string PostponementsProperty = "postponements";

    // Service Bus clients of other producers may send the trace context under this name.
    private const string DiagnosticIdProperty = "Diagnostic-Id";

    private readonly ServiceBusReceivedMessage _received;

    private EventMessage(ServiceBusReceivedMessage received) => _received = received;

    public required OrganizationId Organization { get; init; }

    public required EventId EventId { get; init; }

    public required EventName EventName { get; init; }

    public required ReadOnlyMemory<byte> Payload { get; init; }

    public required EventSource Source { get; init; }

    /// <summary>When the event reached the queue <c>events</c>, however often it was copied since.</summary>
    public required DateTimeOffset PublishedAt { get; init; }

    /// <summary>The W3C trace context that came with the event, or null.</summary>
    public string? TraceParent { get; init; }

    /// <summary>The id of the subscription after which fan-out continues, or null to start.</summary>
    public string? After { get; init; }

    /// <summary>Whether the event is in the archive already.</summary>
    public bool IsArchived { get; init; }

    public int Postponements { get; init; }

    private int Requeues { get; init; }

    /// <summary>Makes the message of a new event. The archive recognizes a repeated id, not the queue.</summary>
    /// <param name="organization">The organization that the event belongs to.</param>
    /// <param name="id">The event's id.</param>
    /// <param name="payload">Composed by <see cref="EventPayload"/>, at most <see cref="EventPayload.MaxBytes"/>.</param>
    /// <param name="source">How the event was published.</param>
    /// <param name="traceParent">W3C trace context of the publish request, or null.</param>
    public static ServiceBusMessage Create(
        OrganizationId organization,
        EventId id,
        ReadOnlyMemory<byte> payload,
        EventSource source,
        string? traceParent
    )
    {
        var message = new ServiceBusMessage(payload) { MessageId = $"{organization}.{id}", ContentType = "application/json" };
        message.ApplicationProperties[EventIdProperty] = id.ToString();
        message.ApplicationProperties[SourceProperty] = source.ToName();
        if (traceParent is not null)
        {
            message.ApplicationProperties[AppTracing.TraceParent] = traceParent;
        }

        return message;
    }

    /// <summary>Makes the message of an operational event for the queue <c>fanout</c>, which drops a repeated one.</summary>
    public static ServiceBusMessage CreateOperational(OperationalEvent item, DateTimeOffset publishedAt, string? traceParent)
    {
        var message = Create(item.Organization, item.Id, item.Payload, EventSource.System, traceParent);
        message.ApplicationProperties[OrganizationProperty] = item.Organization.Value;
        message.ApplicationProperties[EventNameProperty] = item.Name.ToString();
        message.ApplicationProperties[PublishedAtProperty] = publishedAt;
        return message;
    }

    /// <summary>Parses a message of the queue <c>events</c>.</summary>
    public static bool TryParse(
        ServiceBusReceivedMessage received,
        [NotNullWhen(true)] out EventMessage? message,
        [NotNullWhen(false)] out Settlement.DeadLetter? malformed
    )
    {
        (message, malformed) = (null, null);
        if (MessageBody.Read(received) is not { } body)
        {
            malformed = new(
                DeadLetterReason.MalformedEvent,
                "The message's body is an AMQP sequence or a value that is not a string. Send JSON as binary data."
            );
            return false;
        }

        var envelope = EventEnvelope.Read(body);
        if (envelope.Problem is { } problem)
        {
            malformed = new(DeadLetterReason.MalformedEvent, problem);
            return false;
        }

        if (envelope.Payload.Length > EventPayload.MaxBytes)
        {
            malformed = new(
                DeadLetterReason.PayloadTooLarge,
                $"The payload has {envelope.Payload.Length} bytes; at most {EventPayload.MaxBytes} are allowed."
            );
            return false;
        }

        if (OperationalEvents.Contains(envelope.EventName!.Value))
        {
            malformed = new(DeadLetterReason.ReservedName, $"{envelope.EventName} {OperationalEvents.Reserved}.");
            return false;
        }

        message = new EventMessage(received)
        {
            EventId = IdOf(received),
            EventName = envelope.EventName.Value,
            Organization = envelope.Organization!.Value,
            Payload = envelope.Payload,
            Source = SourceOf(received) is EventSource.System ? EventSource.External : SourceOf(received),
            PublishedAt = received.EnqueuedTime,
            TraceParent = TraceParentOf(received),
        };
        return true;
    }

    /// <summary>Parses a message of the queue <c>fanout</c>. Its payload was validated when the copy was made.</summary>
    public static bool TryParseCopy(
        ServiceBusReceivedMessage received,
        [NotNullWhen(true)] out EventMessage? message,
        [NotNullWhen(false)] out Settlement.DeadLetter? malformed
    )
    {
        (message, malformed) = (null, null);
        if (
            MessageBody.Read(received) is not { IsEmpty: false } payload
            || !EventId.TryParse(Text(received, EventIdProperty), out var id)
            || !EventName.TryParse(Text(received, EventNameProperty), out var name)
            || !OrganizationId.TryFrom(OrganizationOf(received), out var organization)
            || !received.ApplicationProperties.TryGetValue(PublishedAtProperty, out var value)
            || value is not DateTimeOffset publishedAt
        )
        {
            malformed = new(
                DeadLetterReason.MalformedEvent,
                "The message is not a copy of an event made by this app. Send events to the queue events."
            );
            return false;
        }

        message = new EventMessage(received)
        {
            EventId = id,
            EventName = name,
            Organization = organization,
            Payload = payload,
            Source = SourceOf(received),
            PublishedAt = publishedAt,
            TraceParent = TraceParentOf(received),
            After = Text(received, AfterProperty),
            IsArchived = received.ApplicationProperties.TryGetValue(ArchivedProperty, out var archived) && archived is true,
            Postponements = Number(received, PostponementsProperty),
            Requeues = DeadLetterPolicy.RequeuesOf(received),
        };
        return true;
    }

    /// <summary>
    /// The event's id: the property <c>eventId</c>, else the <c>MessageId</c>, else a hash of sequence number and time. A text that is not
    /// a valid id is hashed. The same message always has the same id.
    /// </summary>
    public static EventId IdOf(ServiceBusReceivedMessage received)
    {
        var given = Text(received, EventIdProperty) ?? received.MessageId;
        if (string.IsNullOrEmpty(given))
        {
            given = string.Create(CultureInfo.InvariantCulture, $"{received.SequenceNumber}@{received.EnqueuedTime.UtcTicks}");
            return Hashed(given);
        }

        return IdFrom(given);
    }

    /// <summary>
    /// The message with which fan-out continues after a subscription, or from the first one. The event is in the archive.
    /// </summary>
    public ServiceBusMessage ToContinuation(string? after) =>
        (this with { IsArchived = true, After = after ?? After }).ToCopy($"after {after}");

    /// <inheritdoc/>
    public ServiceBusMessage ToPostponed(DateTimeOffset until)
    {
        var postponed = this with { Postponements = Postponements + 1 };
        var copy = postponed.ToCopy($"postponement {postponed.Postponements}");
        copy.ScheduledEnqueueTime = until;
        return copy;
    }

    /// <summary>The message that a dead letter becomes when it is requeued.</summary>
    public ServiceBusMessage ToRequeued(DateTimeOffset until)
    {
        var requeued = this with { Requeues = Requeues + 1 };
        var copy = requeued.ToCopy($"requeue {requeued.Requeues}");
        copy.ScheduledEnqueueTime = until;
        return copy;
    }

    public override string ToString() => $"event {EventId} of organization {Organization}";

    private ServiceBusMessage ToCopy(string purpose)
    {
        var copy = new ServiceBusMessage(Payload) { MessageId = MessageCopy.IdOf(_received, purpose), ContentType = "application/json" };
        var properties = copy.ApplicationProperties;
        properties[OrganizationProperty] = Organization.Value;
        properties[EventIdProperty] = EventId.ToString();
        properties[EventNameProperty] = EventName.ToString();
        properties[SourceProperty] = Source.ToName();
        properties[PublishedAtProperty] = PublishedAt;
        Set(AppTracing.TraceParent, TraceParent);
        Set(AfterProperty, After);
        Set(ArchivedProperty, IsArchived ? true : null);
        Set(PostponementsProperty, Postponements > 0 ? Postponements : null);
        Set(DeadLetterPolicy.RequeuesProperty, Requeues > 0 ? Requeues : null);
        return copy;

        void Set(string name, object? value)
        {
            if (value is not null)
            {
                properties[name] = value;
            }
        }
    }

    private static string? TraceParentOf(ServiceBusReceivedMessage received) =>
        (Text(received, AppTracing.TraceParent) ?? Text(received, DiagnosticIdProperty)) is { } parent
        && ActivityContext.TryParse(parent, null, out _)
            ? parent
            : null;

    /// <summary>The id that a text is, or a hash of it if a publisher can't give that id.</summary>
    internal static EventId IdFrom(string text) => EventId.TryParsePublished(text, out var id) ? id : Hashed(text);

    private static EventId Hashed(string text) =>
        EventId.TryParse($"evt_{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)).AsSpan(0, 16))}", out var id)
            ? id
            : throw new UnreachableException();

    private static string? Text(ServiceBusReceivedMessage received, string property) =>
        received.ApplicationProperties.TryGetValue(property, out var value) && value is string { Length: > 0 } text ? text : null;

    private static EventSource SourceOf(ServiceBusReceivedMessage received) =>
        EnumNames<EventSource>.Find(Text(received, SourceProperty)) ?? EventSource.External;

    private static int? OrganizationOf(ServiceBusReceivedMessage received) =>
        received.ApplicationProperties.TryGetValue(OrganizationProperty, out var value) ? value as int? : null;

    private static int Number(ServiceBusReceivedMessage received, string property) =>
        received.ApplicationProperties.TryGetValue(property, out var value) && value is int number and > 0 ? number : 0;
}
