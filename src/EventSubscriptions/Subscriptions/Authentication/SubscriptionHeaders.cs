using System.Buffers;
using System.Text.Json;
using EventSubscriptions.Http;
using EventSubscriptions.Secrets;

namespace EventSubscriptions.Subscriptions.Authentication;

/// <summary>The static headers of a subscription's requests, by name, ignoring case. Their values are secret.</summary>
public sealed class SubscriptionHeaders : IEquatable<SubscriptionHeaders>
{
    public const int MaxCount = 16;

    /// <summary>The longest value, in characters.</summary>
    public const int MaxValueLength = 2 * 1024;

    /// <summary>Of all names and values, in characters.</summary>
    public const int MaxTotalLength = 16 * 1024;

    public static readonly SubscriptionHeaders None = new([]);

    private SubscriptionHeaders(SortedDictionary<string, Secret> values) => Values = values;

    public IReadOnlyDictionary<string, Secret> Values { get; }

    /// <summary>Why there can't be so many or such long headers, or null.</summary>
    public string? Problem =>
        Values.Count > MaxCount ? $"must have at most {MaxCount} entries"
        : Values.Sum(header => header.Key.Length + header.Value.Reveal().Length) > MaxTotalLength
            ? $"must have at most {MaxTotalLength} characters in all"
        : null;

    /// <summary>These headers after a change: null removes one.</summary>
    public SubscriptionHeaders With(IReadOnlyDictionary<string, Secret?> changes)
    {
        var values = New();
        foreach (var (name, value) in Values)
        {
            values[name] = value;
        }

        foreach (var (name, value) in changes)
        {
            values.Remove(name);
            if (value is not null)
            {
                values[name] = value;
            }
        }

        return new SubscriptionHeaders(values);
    }

    /// <inheritdoc/>
    public bool Equals(SubscriptionHeaders? other) => other is not null && Values.SequenceEqual(other.Values);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as SubscriptionHeaders);

    /// <inheritdoc/>
    public override int GetHashCode() => Values.Count;

    /// <summary>Reads changes of headers, in which null removes one, and reports every error.</summary>
    internal static IReadOnlyDictionary<string, Secret?>? Read(FieldReader fields, string field, bool isNew)
    {
        if (fields.Value(field) is not { } value)
        {
            return null;
        }

        if (value.ValueKind != JsonValueKind.Object)
        {
            fields.AddError(field, "must be an object whose values are strings");
            return null;
        }

        var headers = new Dictionary<string, Secret?>(StringComparer.OrdinalIgnoreCase);
        foreach (var header in value.EnumerateObject())
        {
            var name = $"{field}.{header.Name}";
            var text = header.Value.ValueKind == JsonValueKind.String ? header.Value.GetString() : null;
            if (RequestHeader.CheckName(header.Name) is { } error)
            {
                fields.AddError(name, error);
            }
            else if (header.Name.Equals(RequestHeader.Authorization, StringComparison.OrdinalIgnoreCase))
            {
                fields.AddError(name, $"is set by {AuthenticationFields.Name}");
            }
            else if (text is null && (isNew || header.Value.ValueKind != JsonValueKind.Null))
            {
                fields.AddError(name, "must be a string");
            }
            else if (text?.Length is 0 or > MaxValueLength)
            {
                fields.AddError(name, $"must be 1 to {MaxValueLength} characters long");
            }
            else if (text == DisplayUrl.Masked)
            {
                fields.AddError(name, SubscriptionUrl.MustBeGivenInFull);
            }
            else if (text is not null && RequestHeader.CheckValue(text) is { } problem)
            {
                fields.AddError(name, problem);
            }
            else if (!headers.TryAdd(header.Name, text is null ? null : new Secret(text)))
            {
                fields.AddError(name, "is given more than once");
            }
        }

        if (None.With(headers).Problem is { } tooMany)
        {
            fields.AddError(field, tooMany);
        }

        return headers;
    }

    /// <summary>What is stored, values included.</summary>
    internal byte[] ToBytes()
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer, ApiJson.Writing))
        {
            writer.WriteStartObject();
            foreach (var (name, value) in Values)
            {
                writer.WriteString(name, value.Reveal());
            }

            writer.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>Reads what <see cref="ToBytes"/> wrote.</summary>
    internal static SubscriptionHeaders Parse(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json);
        var values = New();
        foreach (var header in JsonElement.ParseValue(ref reader).EnumerateObject())
        {
            values.Add(header.Name, new Secret(header.Value.GetString()!));
        }

        return new SubscriptionHeaders(values);
    }

    private static SortedDictionary<string, Secret> New() => new(StringComparer.OrdinalIgnoreCase);
}
