using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Azure.Messaging.ServiceBus;
using EventSubscriptions.Events.FanOut;
using EventSubscriptions.Organizations;
using EventSubscriptions.Queues;
using EventSubscriptions.Telemetry;

namespace EventSubscriptions.Events.Publishing;

/// <summary>
/// An event as a message: on the queue <c>events</c> from its producer, with the payload or what an external producer wrote as its body; on the queue
/// <c>fanout</c> as a copy that the app made, whose further properties can be trusted.
/// </summary>
public static class EventMessage
{
    /// <summary>The property <c>source</c> of what was published over HTTP.</summary>
    public const string HttpSource = "http";

    /// <summary>The property <c>source</c> of what was read from the Relay API.</summary>
    public const string RelaySource = "relay";

    /// <summary>What stands for the property <c>source</c> of other producers.</summary>
    internal const string ExternalSource = "external";

    private const string EventIdProperty = "eventId";
    private const string SourceProperty = "source";
    private const string PublishedAtProperty = "publishedAt";
    private const string AfterProperty = "after";
    private const string ArchivedProperty = "archived";
    private const string HoldProperty = "hold";

    private static readonly string[] s_sources = [HttpSource, RelaySource];

    private static readonly string[] s_producerProperties = [EventIdProperty, SourceProperty, DeadLetterPolicy.ReturnedProperty];

    private static readonly string[] s_copyProperties =
        [.. s_producerProperties, AppTracing.TraceParent, PublishedAtProperty, AfterProperty, ArchivedProperty, HoldProperty];

    // What Service Bus clients of other producers may have put there instead.
    private const string DiagnosticIdProperty = "Diagnostic-Id";

    /// <summary>Makes the message of a new event. A repeat is recognized by the archive, not by the queue.</summary>
    /// <param name="organization">Whose event it is.</param>
    /// <param name="id">The event's id.</param>
    /// <param name="payload">As <see cref="EventPayload"/> composes it, of at most <see cref="EventPayload.MaxBytes"/>.</param>
    /// <param name="source">Which part of the app publishes it, such as <see cref="HttpSource"/>.</param>
    /// <param name="traceParent">W3C trace context of the publish, or null.</param>
    public static ServiceBusMessage Create(OrganizationId organization, EventId id, ReadOnlyMemory<byte> payload, string source, string? traceParent)
    {
        var message = new ServiceBusMessage(payload) { MessageId = $"{organization}.{id}", ContentType = "application/json" };
        message.ApplicationProperties[EventIdProperty] = id.ToString();
        message.ApplicationProperties[SourceProperty] = source;
        if (traceParent is not null)
        {
            message.ApplicationProperties[AppTracing.TraceParent] = traceParent;
        }

        return message;
    }

    /// <summary>
    /// The event's id: the property <c>eventId</c>, else the <c>MessageId</c>, else a hash of sequence number and time. One that has not the
    /// form of an id is hashed. The same message always has the same id.
    /// </summary>
    public static EventId IdOf(ServiceBusReceivedMessage message)
    {
        var given = Text(message, EventIdProperty) ?? message.MessageId;
        if (string.IsNullOrEmpty(given))
        {
            given = string.Create(CultureInfo.InvariantCulture, $"{message.SequenceNumber}@{message.EnqueuedTime.UtcTicks}");
            return Hashed(given);
        }

        return EventId.TryParse(given, out var id) ? id : Hashed(given);
    }

    /// <summary>The subscription behind which fan-out goes on, or null to begin.</summary>
    /// <remarks>On copies alone, as are the others up to <see cref="TraceParentOf"/>.</remarks>
    internal static string? AfterOf(ServiceBusReceivedMessage message) => Text(message, AfterProperty);

    /// <summary>Whether the event is in the archive already.</summary>
    internal static bool IsArchived(ServiceBusReceivedMessage message) =>
        message.ApplicationProperties.TryGetValue(ArchivedProperty, out var value) && value is true;

    /// <summary>How often the event was put off, from 0.</summary>
    internal static int HoldOf(ServiceBusReceivedMessage message) =>
        message.ApplicationProperties.TryGetValue(HoldProperty, out var value) && value is int hold and > 0 ? hold : 0;

    /// <summary>The trace context that came with the event, or null.</summary>
    internal static string? TraceParentOf(ServiceBusReceivedMessage message) =>
        (Text(message, AppTracing.TraceParent) ?? Text(message, DiagnosticIdProperty)) is { } parent && ActivityContext.TryParse(parent, null, out _) ? parent : null;

    /// <summary>Which way the event came.</summary>
    internal static string SourceOf(ServiceBusReceivedMessage message) =>
        Text(message, SourceProperty) is { } source && s_sources.Contains(source, StringComparer.Ordinal) ? source : ExternalSource;

    /// <summary>When the event came to the queue <c>events</c>, however often it was copied since.</summary>
    internal static DateTimeOffset PublishedAtOf(ServiceBusReceivedMessage message, bool isCopy) =>
        isCopy && message.ApplicationProperties.TryGetValue(PublishedAtProperty, out var value) && value is DateTimeOffset at ? at : message.EnqueuedTime;

    /// <summary>The message that goes on with an archived event where this invocation stopped: behind a subscription, or at the first.</summary>
    internal static ServiceBusMessage Continue(FanOutItem item, string? after)
    {
        var copy = Copy(MessageCopy.Of(item.Message, $"after {after}"), item.Message, item.IsCopy);
        copy.Body = new BinaryData(item.Payload);
        copy.ApplicationProperties[ArchivedProperty] = true;
        if (after is not null)
        {
            copy.ApplicationProperties[AfterProperty] = after;
        }

        return copy;
    }

    /// <summary>The message that tries an event again later.</summary>
    internal static ServiceBusMessage PutOff(FanOutItem item, DateTimeOffset until)
    {
        var hold = item.Hold + 1;
        var copy = Copy(MessageCopy.Of(item.Message, $"hold {hold}"), item.Message, item.IsCopy);
        copy.Body = new BinaryData(item.Payload);
        copy.ApplicationProperties[HoldProperty] = hold;
        copy.ScheduledEnqueueTime = until;
        return copy;
    }

    /// <summary>The message that a dead letter of either queue becomes when it is put back.</summary>
    internal static ServiceBusMessage PutBack(ServiceBusReceivedMessage deadLetter, DateTimeOffset until, bool isCopy) =>
        Copy(DeadLetterPolicy.PutBack(deadLetter, until), deadLetter, isCopy);

    /// <summary>Names the event for good, and sheds what a producer put beside it: what fitted into one message fits again, and nobody else's properties become ours.</summary>
    private static ServiceBusMessage Copy(ServiceBusMessage copy, ServiceBusReceivedMessage original, bool isCopy)
    {
        foreach (var name in original.ApplicationProperties.Keys.Except(isCopy ? s_copyProperties : s_producerProperties, StringComparer.Ordinal))
        {
            copy.ApplicationProperties.Remove(name);
        }

        copy.ApplicationProperties[EventIdProperty] = IdOf(original).ToString();
        copy.ApplicationProperties[PublishedAtProperty] = PublishedAtOf(original, isCopy);
        if (TraceParentOf(original) is { } traceParent)
        {
            copy.ApplicationProperties[AppTracing.TraceParent] = traceParent;
        }

        return copy;
    }

    private static EventId Hashed(string text) =>
        EventId.TryParse($"evt_{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)).AsSpan(0, 16))}", out var id)
            ? id
            : throw new UnreachableException();

    private static string? Text(ServiceBusReceivedMessage message, string property) =>
        message.ApplicationProperties.TryGetValue(property, out var value) && value is string { Length: > 0 } text ? text : null;
}
