using System.Buffers;
using System.Text;
using System.Text.Json;
using Azure.Data.Tables;
using EventSubscriptions.Http;
using EventSubscriptions.Organizations;
using EventSubscriptions.Storage;

namespace EventSubscriptions.Audit;

/// <summary>An audit entry as a row: <c>{inverted ticks}:{unique}</c> in the partition of its organization, or in <c>system</c>.</summary>
internal static class AuditRow
{
    /// <summary>The partition of entries without an organization.</summary>
    public const string SystemPartition = "system";

    private const string IdPrefix = "aud_";
    private const int MaxText = 8 * 1024;

    public const string TypeColumn = "type";

    /// <summary>The largest property of Table Storage: 64 KiB in UTF-16.</summary>
    private const int MaxChanges = 32 * 1024;

    /// <summary>Creates the row of an entry with a unique key.</summary>
    public static TableEntity Make(AuditEntry entry, TimeProvider time) => Make(entry, Base32Id.New("", time));

    /// <summary>Creates the row of an entry.</summary>
    /// <param name="entry">The entry.</param>
    /// <param name="id">Its id without the prefix, unique among entries of the same time.</param>
    public static TableEntity Make(AuditEntry entry, string id)
    {
        var row = new TableEntity(entry.OrganizationId?.ToString() ?? SystemPartition, $"{InvertedTicks.Format(entry.Timestamp)}:{id}");
        row[TypeColumn] = entry.Type.ToName();
        row.Set("subscriptionId", entry.SubscriptionId?.ToString());
        row.Set("url", Shortened(entry.Url));
        row.Set("eventId", Shortened(entry.EventId));
        row.Set("eventName", Shortened(entry.EventName));
        row.Set("attempt", entry.Attempt);
        row.Set("statusCode", entry.StatusCode);
        row.Set("errorKind", Shortened(entry.Error?.Kind));
        row.Set("errorDetail", Shortened(entry.Error?.Detail));
        row.Set("errorHint", Shortened(entry.Error?.Hint));
        row.Set("durationMs", entry.DurationMs);
        row.Set("responseSnippet", Shortened(entry.ResponseSnippet));
        row.Set("actor", Shortened(entry.Actor?.Name));
        row.Set("actorId", Shortened(entry.Actor?.Id));
        row.Set("changes", entry.Changes is { Count: > 0 } changes ? ToJson(changes) : null);
        return row;
    }

    /// <summary>Reads a row for a response.</summary>
    public static AuditEntryResponse Read(TableEntity row) =>
        new()
        {
            Id = string.Concat(IdPrefix, row.RowKey.AsSpan(InvertedTicks.Length + 1)),
            Timestamp = InvertedTicks.TryParse(row.RowKey, out var timestamp)
                ? timestamp
                : throw new InvalidDataException($"The row '{row.RowKey}' of the table {TableNames.AuditLog} is not an audit entry."),
            Type = row.GetString(TypeColumn),
            OrganizationId = OrganizationId.TryParse(row.PartitionKey, out var organization) ? organization.Value : null,
            SubscriptionId = row.GetString("subscriptionId"),
            Url = row.GetString("url"),
            EventId = row.GetString("eventId"),
            EventName = row.GetString("eventName"),
            Attempt = row.GetInt32("attempt"),
            StatusCode = row.GetInt32("statusCode"),
            Error = row.GetString("errorKind") is { } kind
                ? new AuditError(kind, row.GetString("errorDetail") ?? "", row.GetString("errorHint"))
                : null,
            DurationMs = row.GetInt64("durationMs"),
            ResponseSnippet = row.GetString("responseSnippet"),
            Actor = row.GetString("actor"),
            ActorId = row.GetString("actorId"),
            Changes = row.GetString("changes") is { } changes ? JsonElement.Parse(changes) : null,
        };

    /// <summary>Copies the entry to another table or partition.</summary>
    public static TableEntity Copy(TableEntity row, string rowKey)
    {
        var copy = new TableEntity(row.PartitionKey, rowKey);
        foreach (var (name, value) in row)
        {
            if (
                name
                is not (nameof(TableEntity.PartitionKey) or nameof(TableEntity.RowKey) or nameof(TableEntity.Timestamp) or "odata.etag")
            )
            {
                copy[name] = value;
            }
        }

        return copy;
    }

    private static string? Shortened(string? text) => text is null ? null : Shortened(text, MaxText);

    /// <summary>The first characters of a text, without half of a surrogate pair at the end.</summary>
    private static string Shortened(string text, int maxLength) =>
        text.Length <= maxLength ? text : $"{text.AsSpan(0, maxLength - (char.IsHighSurrogate(text[maxLength - 1]) ? 1 : 0))}…";

    /// <summary>The changes as JSON, with texts shortened until they fit into the row.</summary>
    private static string ToJson(IReadOnlyDictionary<string, AuditChange> changes)
    {
        for (var maxText = MaxText; ; maxText /= 2)
        {
            var json = ToJson(changes, maxText);
            if (json.Length <= MaxChanges || maxText == 1)
            {
                return json;
            }
        }
    }

    private static string ToJson(IReadOnlyDictionary<string, AuditChange> changes, int maxText)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, ApiJson.Writing))
        {
            json.WriteStartObject();
            foreach (var (member, change) in changes)
            {
                json.WriteStartObject(member);
                Write(json, "from", change.From, maxText);
                Write(json, "to", change.To, maxText);
                json.WriteEndObject();
            }

            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    private static void Write(Utf8JsonWriter json, string name, object? value, int maxText)
    {
        switch (value)
        {
            case null:
                json.WriteNull(name);
                break;
            case string text:
                json.WriteString(name, Shortened(text, maxText));
                break;
            case bool truth:
                json.WriteBoolean(name, truth);
                break;
            case int number:
                json.WriteNumber(name, number);
                break;
            case long number:
                json.WriteNumber(name, number);
                break;
            case DateTimeOffset time:
                json.WriteString(name, time.UtcDateTime);
                break;
            case IEnumerable<string> texts:
                json.WriteStartArray(name);
                foreach (var text in texts)
                {
                    json.WriteStringValue(Shortened(text, maxText));
                }

                json.WriteEndArray();
                break;
            default:
                throw new ArgumentException($"A change of type {value.GetType()} can't be written to the audit log.", nameof(value));
        }
    }
}
