using System.Text.Json;
using EventSubscriptions.Events.Catalogue;
using EventSubscriptions.Http;
using EventSubscriptions.Organizations;

namespace EventSubscriptions.Events.Publishing;

/// <summary>Reads and validates the body of a publish request: <c>{"eventName","data","id"?}</c>, or an array of 1–1,000 of them.</summary>
public sealed class PublishRequest(EventCatalogue catalogue, TimeProvider time)
{
    /// <summary>The most events in a request.</summary>
    public const int MaxEvents = 1_000;

    private const string IdForm = "must be 1 to 64 characters of A–Z, a–z, 0–9, _ and -, and not start with sys_";

    /// <summary>Returns the events of a body in order. If the errors have any entry, nothing must be published.</summary>
    /// <param name="idempotencyKey">The header <c>Idempotency-Key</c>, quoted or not: the id of an event without one, followed by
    /// <c>-0</c>, <c>-1</c>… in an array.</param>
    /// <param name="errors">Collects the errors; those of an array start with the index of the event, such as
    /// <c>[3].data.taskId</c>.</param>
    public IReadOnlyList<PublishedEvent> Read(JsonElement body, OrganizationId organization, string? idempotencyKey, FieldErrors errors)
    {
        // The draft of the header makes it a structured-field string (RFC 9651 §3.3.3), which is quoted.
        idempotencyKey = idempotencyKey is ['"', .. var unquoted, '"'] ? unquoted : idempotencyKey;
        if (idempotencyKey is not null && !EventId.TryParsePublished(idempotencyKey, out _))
        {
            errors.Add("Idempotency-Key", IdForm);
            idempotencyKey = null;
        }

        if (body.ValueKind != JsonValueKind.Array)
        {
            return ReadEvent(new FieldReader(body, errors), organization, idempotencyKey, []) is { } one ? [one] : [];
        }

        var count = body.GetArrayLength();
        if (count is 0 or > MaxEvents)
        {
            errors.Add("body", $"must have 1 to {MaxEvents} events");
            return [];
        }

        var ids = new HashSet<EventId>(count);
        var events = new List<PublishedEvent>(count);
        foreach (var (index, item) in body.EnumerateArray().Index())
        {
            if (
                ReadEvent(
                    new FieldReader(item, errors, $"[{index}]."),
                    organization,
                    idempotencyKey is null ? null : $"{idempotencyKey}-{index}",
                    ids
                ) is
                { } published
            )
            {
                events.Add(published);
            }
        }

        return events;
    }

    private PublishedEvent? ReadEvent(FieldReader reader, OrganizationId organization, string? idempotencyKey, HashSet<EventId> ids)
    {
        var id = ReadId(reader, idempotencyKey, ids, out var isCallers);
        var type = ReadType(reader);
        var data = ReadData(reader, type);
        if (reader.Number("organizationId", min: 0) is { } number && number != organization.Value)
        {
            reader.AddError("organizationId", $"must be {organization}, the organization of the path, or absent");
        }

        reader.ReportUnknown();
        if (id is null || type is null || data is null)
        {
            return null;
        }

        var payload = EventPayload.Compose(type.Name, organization, data.Value);
        if (payload.Length > EventPayload.MaxBytes)
        {
            reader.AddError("data", $"results in a payload of {payload.Length} bytes; at most {EventPayload.MaxBytes} are allowed");
            return null;
        }

        return new PublishedEvent(organization, id.Value, payload) { HasCallersId = isCallers };
    }

    private EventId? ReadId(FieldReader reader, string? idempotencyKey, HashSet<EventId> ids, out bool isCallers)
    {
        var given = reader.Text("id");
        var text = given ?? idempotencyKey;
        isCallers = text is not null;
        if (text is null)
        {
            return EventId.New(time);
        }

        if (!EventId.TryParsePublished(text, out var id))
        {
            reader.AddError("id", given is null ? "is longer than 64 characters with this Idempotency-Key" : IdForm);
            return null;
        }

        if (!ids.Add(id))
        {
            reader.AddError("id", "is repeated in this request");
            return null;
        }

        return id;
    }

    private EventType? ReadType(FieldReader reader)
    {
        if (reader.Text("eventName", required: true) is not { } name)
        {
            return null;
        }

        if (OperationalEvents.Contains(name))
        {
            reader.AddError("eventName", OperationalEvents.Reserved);
            return null;
        }

        if (catalogue.TryGet(name, out var type))
        {
            return type;
        }

        reader.AddError("eventName", catalogue.UnknownName(name));
        return null;
    }

    private static JsonElement? ReadData(FieldReader reader, EventType? type)
    {
        if (reader.Value("data", required: true) is not { } data)
        {
            return null;
        }

        if (data.ValueKind != JsonValueKind.Object)
        {
            reader.AddError("data", "must be an object");
            return null;
        }

        var valid = true;
        foreach (var (parameter, problem) in type?.Check(data) ?? [])
        {
            reader.AddError($"data.{parameter}", problem);
            valid = false;
        }

        return valid ? data : null;
    }
}
