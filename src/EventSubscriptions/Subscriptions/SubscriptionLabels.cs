using System.Buffers;
using System.Text;
using System.Text.Json;
using EventSubscriptions.Http;

namespace EventSubscriptions.Subscriptions;

/// <summary>The labels of a subscription: values by key, in the order of their keys.</summary>
public sealed record SubscriptionLabels
{
    public const int MaxCount = 16;
    public const int MaxValueLength = 128;

    private const int MaxKeyLength = 63;

    public static readonly SubscriptionLabels None = new([]);

    private SubscriptionLabels(SortedDictionary<string, string> values) => Values = values;

    public IReadOnlyDictionary<string, string> Values { get; }

    /// <summary>The error for a key that is not valid.</summary>
    public static string KeyExpected => $"must have a key of 1 to {MaxKeyLength} characters of a–z, 0–9, ., _ and -";

    public static bool IsKey(string key) =>
        key.Length is > 0 and <= MaxKeyLength
        && key.All(letter => char.IsAsciiLetterLower(letter) || char.IsAsciiDigit(letter) || letter is '.' or '_' or '-');

    /// <summary>These labels after a change: null removes a label.</summary>
    public SubscriptionLabels With(IReadOnlyDictionary<string, string?> changes)
    {
        var values = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var (key, value) in Values)
        {
            values[key] = value;
        }

        foreach (var (key, value) in changes)
        {
            if (value is null)
            {
                values.Remove(key);
            }
            else
            {
                values[key] = value;
            }
        }

        return new SubscriptionLabels(values);
    }

    public bool Equals(SubscriptionLabels? other) => other is not null && Values.SequenceEqual(other.Values);

    public override int GetHashCode() => Values.Count;

    /// <summary>The labels as they are stored.</summary>
    internal string ToJson()
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, ApiJson.Writing))
        {
            json.WriteStartObject();
            foreach (var (key, value) in Values)
            {
                json.WriteString(key, value);
            }

            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    /// <summary>Reads what <see cref="ToJson"/> wrote.</summary>
    internal static SubscriptionLabels Parse(string text)
    {
        using var document = JsonDocument.Parse(text);
        return None.With(
            document
                .RootElement.EnumerateObject()
                .ToDictionary(label => label.Name, label => label.Value.GetString(), StringComparer.Ordinal)
        );
    }
}
