using System.Buffers;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using EventSubscriptions.Http;
using EventSubscriptions.Organizations;

namespace EventSubscriptions.Events;

/// <summary>An event that the app publishes about its own work, see <see cref="OperationalEvents"/>.</summary>
/// <param name="Organization">The organization that it belongs to.</param>
/// <param name="Id">The same whenever it is published again, so that the archive recognizes it.</param>
/// <param name="Name">Its name.</param>
/// <param name="Payload">The bytes that are sent.</param>
public sealed record OperationalEvent(OrganizationId Organization, EventId Id, EventName Name, ReadOnlyMemory<byte> Payload)
{
    private const int MaxText = 512;

    /// <summary>Creates an event.</summary>
    /// <param name="subject">What it is about: at most 30 characters that an event id may have.</param>
    /// <param name="since">When what it reports began.</param>
    /// <param name="threshold">What was reached: at most 14 such characters.</param>
    /// <param name="write">Writes the members of <c>data</c>.</param>
    public static OperationalEvent Create(
        OrganizationId organization,
        EventName name,
        string subject,
        DateTimeOffset since,
        string threshold,
        Action<Utf8JsonWriter> write
    )
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, ApiJson.Writing))
        {
            json.WriteStartObject();
            write(json);
            json.WriteEndObject();
        }

        var reader = new Utf8JsonReader(buffer.WrittenSpan);
        var text = string.Create(
            CultureInfo.InvariantCulture,
            $"{EventId.OperationalPrefix}{subject}_{since.ToUnixTimeMilliseconds()}_{threshold}"
        );
        return EventId.TryParse(text, out var id)
            ? new OperationalEvent(organization, id, name, EventPayload.Compose(name, organization, JsonElement.ParseValue(ref reader)))
            : throw new UnreachableException($"{text} is not an event id.");
    }

    /// <summary>The first characters of a text, without half of a surrogate pair at the end.</summary>
    public static string? Shortened(string? text) =>
        text is null || text.Length <= MaxText ? text : $"{text.AsSpan(0, MaxText - (char.IsHighSurrogate(text[MaxText - 1]) ? 1 : 0))}…";
}

/// <summary>Publishes operational events. A seam: what reports them knows nothing of queues.</summary>
public interface IOperationalEventPublisher
{
    /// <summary>
    /// Queues events in order. Returns false, and logs why, if some may not be on the queue; publishing all of them again is safe.
    /// </summary>
    Task<bool> TryPublishAsync(IReadOnlyList<OperationalEvent> events, CancellationToken cancellationToken);
}
