using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace EventSubscriptions.Http;

/// <summary>Times in responses: ISO 8601 in UTC with <c>Z</c>, to the tick.</summary>
public sealed class UtcTimeConverter : JsonConverter<DateTimeOffset>
{
    /// <inheritdoc/>
    public override DateTimeOffset Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.GetDateTimeOffset().ToUniversalTime();

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, DateTimeOffset value, JsonSerializerOptions options) =>
        writer.WriteStringValue(value.UtcDateTime);
}

/// <summary>Times in requests: RFC 3339, also with lower-case letters, and with nanoseconds, which are truncated to 100 ns.</summary>
public static class IsoTime
{
    private const int MaxDecimals = 9;
    private const int KeptDecimals = 7;

    /// <summary>The error if <see cref="TryParse"/> fails.</summary>
    public const string Expected = "must be an ISO 8601 time with an offset, such as 2026-01-31T08:30:00Z";

    private static readonly string[] s_formats = ["yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK", "yyyy-MM-dd'T'HH:mmK"];

    /// <summary>Parses a time with an offset (RFC 3339).</summary>
    public static bool TryParse(string? text, out DateTimeOffset time)
    {
        time = default;
        return text is not null
            && Canonical(text) is var canonical
            && HasOffset(canonical)
            && DateTimeOffset.TryParseExact(canonical, s_formats, CultureInfo.InvariantCulture, DateTimeStyles.AdjustToUniversal, out time);
    }

    private static string Canonical(string text)
    {
        var upper = text.ToUpperInvariant();
        var decimals = upper.IndexOf('.', StringComparison.Ordinal) + 1;
        var count = decimals == 0 ? 0 : upper.AsSpan(decimals).IndexOfAnyExceptInRange('0', '9');
        return count is > KeptDecimals and <= MaxDecimals ? upper.Remove(decimals + KeptDecimals, count - KeptDecimals) : upper;
    }

    private static bool HasOffset(string text) => text.EndsWith('Z') || (text.Length > 6 && text[^6] is '+' or '-' && text[^3] == ':');
}

/// <summary>The encoder of responses: readable, because every response is declared as JSON and never sniffed.</summary>
internal static class ApiJson
{
    public static readonly JsonWriterOptions Writing = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
}
