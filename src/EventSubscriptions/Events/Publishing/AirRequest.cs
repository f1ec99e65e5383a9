using System.Text.Json;
using EventSubscriptions.Http;
using EventSubscriptions.Organizations;

namespace EventSubscriptions.Events.Publishing;

/// <summary>
/// Reads the request that Binalyze AIR sends to its event subscriptions: <c>{"eventName","organizationId","data"}</c>, or an array of
/// 1–1,000 of them. AIR may be newer than the catalogue: unknown names and members are accepted, and parameters are not validated.
/// </summary>
public sealed class AirRequest(TimeProvider time)
{
    /// <summary>Returns the events of a body in order. If the errors have any entry, nothing must be published.</summary>
    /// <param name="body">The body.</param>
    /// <param name="key">The header with the id, quoted or not. In an array, <c>-0</c>, <c>-1</c>… follow. A text that is not a valid id
    /// is hashed.</param>
    /// <param name="errors">Collects the errors.</param>
    public IReadOnlyList<PublishedEvent> Read(JsonElement body, string? key, FieldErrors errors)
    {
        key = key is ['"', .. var unquoted, '"'] ? unquoted : key;
        if (body.ValueKind is not (JsonValueKind.Array or JsonValueKind.Object))
        {
            errors.Add("body", "must be an event or an array of events");
            return [];
        }

        if (body.ValueKind == JsonValueKind.Object)
        {
            return ReadEvent(new FieldReader(body, errors), key) is { } only ? [only] : [];
        }

        var count = body.GetArrayLength();
        if (count is 0 or > PublishRequest.MaxEvents)
        {
            errors.Add("body", $"must have 1 to {PublishRequest.MaxEvents} events");
            return [];
        }

        var events = new List<PublishedEvent>(count);
        foreach (var (index, item) in body.EnumerateArray().Index())
        {
            var id = string.IsNullOrEmpty(key) ? null : $"{key}-{index}";
            if (ReadEvent(new FieldReader(item, errors, $"[{index}]."), id) is { } published)
            {
                events.Add(published);
            }
        }

        return events;
    }

    private PublishedEvent? ReadEvent(FieldReader fields, string? id)
    {
        var name = ReadName(fields);
        var number = fields.Number("organizationId", required: true, min: 0);
        var data = fields.Value("data", required: true);
        if (data is { ValueKind: not JsonValueKind.Object })
        {
            fields.AddError("data", "must be an object");
            return null;
        }

        if (name is null || data is null || !OrganizationId.TryFrom(number, out var organization))
        {
            return null;
        }

        var payload = EventPayload.Compose(name.Value, organization, data.Value);
        if (payload.Length > EventPayload.MaxBytes)
        {
            fields.AddError("data", $"results in a payload of {payload.Length} bytes; at most {EventPayload.MaxBytes} are allowed");
            return null;
        }

        return new PublishedEvent(organization, string.IsNullOrEmpty(id) ? EventId.New(time) : EventMessage.IdFrom(id), payload)
        {
            HasCallersId = !string.IsNullOrEmpty(id),
        };
    }

    private static EventName? ReadName(FieldReader fields)
    {
        if (fields.Text("eventName", required: true, minLength: 1, maxLength: EventName.MaxLength) is not { } text)
        {
            return null;
        }

        if (PlainText.FindUnreadable(text) is { } unreadable)
        {
            fields.AddError("eventName", $"must not contain U+{unreadable.Value:X4}, which is a control or invisible character");
            return null;
        }

        if (OperationalEvents.Contains(text))
        {
            fields.AddError("eventName", OperationalEvents.Reserved);
            return null;
        }

        if (EventName.TryParse(text, out var name))
        {
            return name;
        }

        fields.AddError("eventName", $"must be 1 to {EventName.MaxLength} characters long");
        return null;
    }
}
