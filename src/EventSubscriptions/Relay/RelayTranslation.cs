using System.Buffers;
using System.Text.Json;
using EventSubscriptions.Events;
using EventSubscriptions.Events.Publishing;
using EventSubscriptions.Http;

namespace EventSubscriptions.Relay;

/// <summary>
/// Translates a Relay event to one of ours. Deterministic: the same event always gives the same bytes. The <c>type</c> of its content makes
/// it one of the four alert events if it has all parameters of that event type; everything else is <see cref="Received"/>, with the content
/// unchanged.
/// </summary>
internal static class RelayTranslation
{
    public const string Started = "RelayAlertStartedEvent";
    public const string Acknowledged = "RelayAlertAcknowledgedEvent";
    public const string TimedOut = "RelayAlertTimedOutEvent";
    public const string Ended = "RelayAlertEndedEvent";
    public const string Received = "RelayEventReceivedEvent";

    private const string TasksCategory = "tasks";

    /// <summary>The event's name and payload. The size is not checked.</summary>
    /// <param name="subscriber">The subscriber whose response had it, which counts if the event doesn't say.</param>
    public static TranslatedEvent Translate(RelayEvent source, RelaySubscriber subscriber)
    {
        var content = Content.Read(source.Content);
        var name = NameOf(source, content);
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, ApiJson.Writing))
        {
            json.WriteStartObject();
            json.WriteString("relayEventId", source.RelayId);
            json.WriteString("subscriberId", source.SubscriberId ?? subscriber.Id);
            json.WriteString("taskId", content.TaskId);
            json.WriteString("taskName", content.TaskName);
            json.WritePropertyName("taskType");
            json.WriteRawValue(content.TaskType ?? "null"u8.ToArray());
            json.WriteString("timestamp", source.Timestamp);
            json.WriteString("userId", source.UserId);
            json.WriteString("profileId", source.ProfileId);
            json.WriteString("sourceType", source.SourceType);
            json.WriteString("workflowId", source.WorkflowId);
            json.WriteString("workflowInstanceId", source.WorkflowInstanceId);
            switch (name)
            {
                case Acknowledged:
                    json.WriteString("device", content.Device);
                    break;
                case Ended:
                    json.WriteString("status", content.Status);
                    break;
                case Received:
                    json.WriteString("category", source.Category);
                    json.WriteString("contentType", source.ContentType);
                    json.WriteString("content", source.Content);
                    break;
                default:
                    break;
            }

            json.WriteEndObject();
        }

        using var data = JsonDocument.Parse(buffer.WrittenMemory);
        var eventName = EventName.Parse(name);
        return new TranslatedEvent(
            eventName,
            new PublishedEvent(
                subscriber.OrganizationId,
                source.Id,
                EventPayload.Compose(eventName, subscriber.OrganizationId, data.RootElement)
            )
        );
    }

    private static string NameOf(RelayEvent source, Content content)
    {
        var isWhole =
            source is { RelayId: not null, Timestamp: not null, Category: null or TasksCategory }
            && content is { TaskId: not null, TaskName: not null, TaskType: not null };
        return isWhole
            ? content switch
            {
                { Type: "start" } => Started,
                { Type: "acknowledged", Device: not null } => Acknowledged,
                { Type: "timed_out" } => TimedOut,
                { Type: "end", Status: not null } => Ended,
                _ => Received,
            }
            : Received;
    }

    /// <summary>The known fields of a content; all null if it is not a JSON object.</summary>
    private sealed record Content
    {
        public string? Type { get; private init; }

        public string? TaskId { get; private init; }

        public string? TaskName { get; private init; }

        /// <summary>A JSON object, compact.</summary>
        public byte[]? TaskType { get; private init; }

        public string? Device { get; private init; }

        public string? Status { get; private init; }

        public static Content Read(string? text)
        {
            if (string.IsNullOrEmpty(text))
            {
                return new Content();
            }

            try
            {
                using var json = JsonDocument.Parse(text);
                if (json.RootElement.ValueKind != JsonValueKind.Object)
                {
                    return new Content();
                }

                var task =
                    json.RootElement.TryGetProperty("task", out var member) && member.ValueKind == JsonValueKind.Object
                        ? member
                        : default(JsonElement?);
                return new Content
                {
                    Type = RelayEvent.Text(json.RootElement, "type"),
                    TaskId = task is null ? null : RelayEvent.Text(task.Value, "id"),
                    TaskName = task is null ? null : RelayEvent.Text(task.Value, "name"),
                    TaskType =
                        task?.TryGetProperty("task_type", out var taskType) == true && taskType.ValueKind == JsonValueKind.Object
                            ? Compact(taskType)
                            : null,
                    Device = RelayEvent.Text(json.RootElement, "device"),
                    Status = RelayEvent.Text(json.RootElement, "status"),
                };
            }
            catch (Exception unreadable) when (unreadable is JsonException or InvalidOperationException or ArgumentException)
            {
                // Not JSON, or with strings that are not Unicode.
                return new Content();
            }
        }

        private static byte[] Compact(JsonElement json)
        {
            var buffer = new ArrayBufferWriter<byte>();
            using (var writer = new Utf8JsonWriter(buffer, ApiJson.Writing))
            {
                json.WriteTo(writer);
            }

            return buffer.WrittenSpan.ToArray();
        }
    }
}

/// <summary>A translated Relay event.</summary>
internal sealed record TranslatedEvent(EventName EventName, PublishedEvent Event);
