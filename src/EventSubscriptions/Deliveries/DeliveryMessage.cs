using System.Buffers.Binary;
using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using Azure.Messaging.ServiceBus;
using EventSubscriptions.Events;
using EventSubscriptions.Organizations;
using EventSubscriptions.Queues;
using EventSubscriptions.Telemetry;

namespace EventSubscriptions.Deliveries;

/// <summary>One delivery of one event to one subscription, as a message on the queue <c>deliveries</c>.</summary>
public sealed record DeliveryMessage : IQueueMessage
{
    private const string PostponementsProperty = "postponements";

    public required OrganizationId OrganizationId { get; init; }

    public required SubscriptionId SubscriptionId { get; init; }

    public required EventId EventId { get; init; }

    public required EventName EventName { get; init; }

    public DeliveryRun Run { get; init; } = DeliveryRun.Event;

    /// <summary>From 1.</summary>
    public int Attempt { get; init; } = 1;

    /// <summary>How often this attempt was postponed.</summary>
    public int Postponements { get; init; }

    /// <summary>
    /// The body to send; empty if it is read from the archive, as it is after the first attempt and after a postponement.
    /// </summary>
    public ReadOnlyMemory<byte> Payload { get; init; }

    /// <summary>Whether the message was delivered before, to a process that may have died anywhere.</summary>
    public bool IsRedelivered { get; init; }

    /// <summary>Whether the delivery log may contain a row that says that the delivery waits.</summary>
    public bool MayHaveWaited => Attempt > 1 || Postponements > 0 || IsRedelivered;

    /// <summary>Whether the attempt must read the stored subscription, because the cached one was outdated.</summary>
    public bool NeedsStored { get; init; }

    public DateTimeOffset? FirstAttemptAt { get; init; }

    /// <summary>When the event was published; null for resends and replays.</summary>
    public DateTimeOffset? PublishedAt { get; init; }

    /// <summary>The W3C trace context of the fan-out, the same for all attempts.</summary>
    public string? TraceParent { get; init; }

    /// <inheritdoc/>
    public ServiceBusMessage ToPostponed(DateTimeOffset until)
    {
        var message = (this with { Postponements = Postponements + 1, Payload = default }).ToServiceBusMessage();
        message.ScheduledEnqueueTime = until;
        return message;
    }

    public override string ToString() => $"delivery of event {EventId} to subscription {SubscriptionId} (attempt {Attempt})";

    /// <summary>
    /// Makes the message. Its <c>MessageId</c> is a hash of what identifies the delivery, so that duplicate detection drops a repeat.
    /// </summary>
    public ServiceBusMessage ToServiceBusMessage()
    {
        var message = new ServiceBusMessage(Payload) { MessageId = Identity() };
        var properties = message.ApplicationProperties;
        properties["organizationId"] = OrganizationId.Value;
        properties["subscriptionId"] = SubscriptionId.ToString();
        properties["eventId"] = EventId.ToString();
        properties["eventName"] = EventName.ToString();
        properties["run"] = Run.ToString();
        properties["attempt"] = Attempt;
        properties[PostponementsProperty] = Postponements;
        if (NeedsStored)
        {
            properties["needsStored"] = true;
        }

        if (FirstAttemptAt is { } first)
        {
            properties["firstAttemptAt"] = first;
        }

        if (TraceParent is not null)
        {
            properties[AppTracing.TraceParent] = TraceParent;
        }

        if (PublishedAt is { } published)
        {
            properties["publishedAt"] = published;
        }

        if (!Payload.IsEmpty)
        {
            message.ContentType = "application/json";
        }

        return message;
    }

    /// <summary>Parses a message of the queue <c>deliveries</c>. An invalid trace context is ignored.</summary>
    public static bool TryParse(
        ServiceBusReceivedMessage message,
        [NotNullWhen(true)] out DeliveryMessage? delivery,
        [NotNullWhen(false)] out Settlement.DeadLetter? malformed
    )
    {
        (delivery, malformed) = (null, null);
        var properties = message.ApplicationProperties;
        if (OrganizationOf(message) is not { } organization)
        {
            malformed = Invalid("organizationId", "a 32-bit integer from 0");
        }
        else if (!SubscriptionId.TryParse(Text(properties, "subscriptionId"), out var subscription))
        {
            malformed = Invalid("subscriptionId", "a subscription id");
        }
        else if (!EventId.TryParse(Text(properties, "eventId"), out var eventId))
        {
            malformed = Invalid("eventId", "an event id");
        }
        else if (!EventName.TryParse(Text(properties, "eventName"), out var eventName))
        {
            malformed = Invalid("eventName", $"a string of 1–{EventName.MaxLength} characters");
        }
        else if (!DeliveryRun.TryParse(Text(properties, "run"), out var run))
        {
            malformed = Invalid("run", "a run id");
        }
        else if (Number(properties, "attempt") is not (>= 1 and <= int.MaxValue and var attempt))
        {
            malformed = Invalid("attempt", "a positive integer");
        }
        else
        {
            delivery = new DeliveryMessage
            {
                OrganizationId = organization,
                SubscriptionId = subscription,
                EventId = eventId,
                EventName = eventName,
                Run = run,
                Attempt = (int)attempt,
                Postponements = PostponementsOf(properties),
                Payload = MessageBody.Read(message) is { IsEmpty: false } body ? body : default,
                IsRedelivered = message.DeliveryCount > 1,
                NeedsStored = properties.TryGetValue("needsStored", out var needs) && needs is true,
                FirstAttemptAt = Time(properties, "firstAttemptAt"),
                PublishedAt = Time(properties, "publishedAt"),
                TraceParent =
                    Text(properties, AppTracing.TraceParent) is { } trace && ActivityContext.TryParse(trace, null, out _) ? trace : null,
            };
        }

        return delivery is not null;
    }

    /// <summary>The organization, even if the rest is malformed; null if it is missing or invalid.</summary>
    public static OrganizationId? OrganizationOf(ServiceBusReceivedMessage message) =>
        OrganizationId.TryFrom(Number(message.ApplicationProperties, "organizationId"), out var organization) ? organization : null;

    private static Settlement.DeadLetter Invalid(string property, string expected) =>
        new(DeadLetterReason.MalformedDelivery, $"The property {property} is missing or not {expected}.");

    /// <summary>Version 0.1 named the property <c>hold</c>. Its messages may be scheduled for days.</summary>
    private static int PostponementsOf(IReadOnlyDictionary<string, object> properties) =>
        (Number(properties, PostponementsProperty) ?? Number(properties, "hold")) is > 0 and < int.MaxValue and var count ? (int)count : 0;

    private static string? Text(IReadOnlyDictionary<string, object> properties, string name) =>
        properties.TryGetValue(name, out var value) ? value as string : null;

    private static DateTimeOffset? Time(IReadOnlyDictionary<string, object> properties, string name) =>
        properties.TryGetValue(name, out var value) && value is DateTimeOffset time ? time : null;

    private static long? Number(IReadOnlyDictionary<string, object> properties, string name) =>
        properties.TryGetValue(name, out var value)
            ? value switch
            {
                int number => number,
                long number => number,
                _ => null,
            }
            : null;

    /// <summary>SHA-256 in hexadecimal. Each text is preceded by its length, so that no two deliveries write the same bytes.</summary>
    private string Identity()
    {
        Span<byte> bytes = stackalloc byte[1024];
        var length = 0;
        Append(bytes, ref length, OrganizationId.Value);
        Append(bytes, ref length, EventId.ToString());
        Append(bytes, ref length, SubscriptionId.ToString());
        Append(bytes, ref length, Run.ToString());
        Append(bytes, ref length, Attempt);
        Append(bytes, ref length, Postponements);
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(bytes[..length], hash);
        return Convert.ToHexStringLower(hash);
    }

    private static void Append(Span<byte> bytes, ref int length, int number)
    {
        BinaryPrimitives.WriteInt32LittleEndian(bytes[length..], number);
        length += sizeof(int);
    }

    private static void Append(Span<byte> bytes, ref int length, string text)
    {
        var written = Encoding.UTF8.GetBytes(text, bytes[(length + sizeof(int))..]);
        Append(bytes, ref length, written);
        length += written;
    }
}
