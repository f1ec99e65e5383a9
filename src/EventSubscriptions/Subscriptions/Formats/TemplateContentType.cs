using System.Net.Http.Headers;
using System.Text.Encodings.Web;
using Fluid;

namespace EventSubscriptions.Subscriptions.Formats;

/// <summary>The media type of a template's output, and how values are encoded for it.</summary>
public sealed class TemplateContentType : IEquatable<TemplateContentType>
{
    public static readonly TemplateContentType Json = new(new MediaTypeHeaderValue("application/json"));

    private const int MaxLength = 128;

    private TemplateContentType(MediaTypeHeaderValue header)
    {
        Header = header;
        var type = header.MediaType!;
        IsJson = IsOf(type, "json");
        Encoder =
            IsJson || IsOf(type, "x-ndjson") || IsOf(type, "ndjson") || IsOf(type, "jsonl") ? JavaScriptEncoder.UnsafeRelaxedJsonEscaping
            : IsOf(type, "xml") || IsOf(type, "html") ? HtmlEncoder.Default
            : type.Equals("application/x-www-form-urlencoded", StringComparison.OrdinalIgnoreCase) ? UrlEncoder.Default
            : NullEncoder.Default;
    }

    public MediaTypeHeaderValue Header { get; }

    /// <summary>Whether the output must be JSON.</summary>
    public bool IsJson { get; }

    /// <summary>Encodes values, so that none can end the string that it is in.</summary>
    internal TextEncoder Encoder { get; }

    /// <summary>Parses a media type. The only charset is UTF-8.</summary>
    public static TemplateContentType? TryParse(string text) =>
        text.Length <= MaxLength
        && MediaTypeHeaderValue.TryParse(text, out var header)
        && header.CharSet?.Trim('"') is null or "" or "utf-8" or "UTF-8"
        && !header.MediaType!.StartsWith("multipart/", StringComparison.OrdinalIgnoreCase)
        && !header.MediaType.Contains('*', StringComparison.Ordinal)
            ? new TemplateContentType(header)
            : null;

    /// <inheritdoc/>
    public bool Equals(TemplateContentType? other) => other is not null && Header.Equals(other.Header);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as TemplateContentType);

    /// <inheritdoc/>
    public override int GetHashCode() => Header.GetHashCode();

    /// <inheritdoc/>
    public override string ToString() => Header.ToString();

    private static bool IsOf(string type, string format) =>
        type.EndsWith("/" + format, StringComparison.OrdinalIgnoreCase) || type.EndsWith("+" + format, StringComparison.OrdinalIgnoreCase);
}
