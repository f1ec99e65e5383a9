using System.Buffers;
using System.Globalization;
using System.Net;
using System.Text;

namespace EventSubscriptions.Destinations;

/// <summary>UTF-8 text with its escapes undone, and for each byte its position in the original text.</summary>
internal sealed class UnescapedText
{
    /// <summary>The longest reference that is recognized, such as <c>&amp;#x1F600;</c>.</summary>
    private const int MaxReferenceLength = 12;

    private static readonly SearchValues<byte> s_escapes = SearchValues.Create("%\\&"u8);

    // Where each byte starts, and last where the text ends; null if nothing is undone yet.
    private readonly int[]? _sources;

    private UnescapedText(byte[] bytes, int[]? sources) => (Bytes, _sources) = (bytes, sources);

    public byte[] Bytes { get; }

    public static UnescapedText Of(byte[] text) => new(text, sources: null);

    /// <summary>The position in the original text.</summary>
    public int Source(int position) => _sources?[position] ?? position;

    /// <summary>Undoes percent-encoding and the escapes of JSON, JavaScript and HTML, each once; null if there are none.</summary>
    public UnescapedText? Unescape()
    {
        if (!Bytes.AsSpan().ContainsAny(s_escapes))
        {
            return null;
        }

        var bytes = new List<byte>(Bytes.Length);
        var sources = new List<int>(Bytes.Length + 1);
        Span<byte> plain = stackalloc byte[MaxReferenceLength];
        for (var at = 0; at < Bytes.Length; )
        {
            var (length, written) = Undo(Bytes.AsSpan(at), plain);
            for (var i = 0; i < written; i++)
            {
                bytes.Add(plain[i]);
                sources.Add(Source(at));
            }

            at += length;
        }

        sources.Add(Source(Bytes.Length));
        return bytes.Count == Bytes.Length ? null : new UnescapedText([.. bytes], [.. sources]);
    }

    /// <summary>Undoes the escape at the start of the text. Returns its length and the length of its result.</summary>
    private static (int Length, int Written) Undo(ReadOnlySpan<byte> text, Span<byte> plain)
    {
        plain[0] = text[0];
        return text[0] switch
        {
            (byte)'%' when Hex(text, 1, 2) is { } value => One(3, value, plain),
            (byte)'\\' when text.Length > 1 => text[1] switch
            {
                (byte)'u' when Hex(text, 2, 4) is { } unit => (6, Encode(unit, plain)),
                (byte)'x' when Hex(text, 2, 2) is { } value => One(4, value, plain),
                (byte)'/' or (byte)'\\' or (byte)'"' or (byte)'\'' => One(2, text[1], plain),
                _ => (1, 1),
            },
            (byte)'&' => Reference(text, plain),
            _ => (1, 1),
        };
    }

    private static (int Length, int Written) One(int length, int value, Span<byte> plain)
    {
        plain[0] = (byte)value;
        return (length, 1);
    }

    private static (int Length, int Written) Reference(ReadOnlySpan<byte> text, Span<byte> plain)
    {
        var length = text[..Math.Min(text.Length, MaxReferenceLength)].IndexOf((byte)';') + 1;
        var reference = Encoding.UTF8.GetString(text[..length]);
        return length > 0 && WebUtility.HtmlDecode(reference) is var letter && letter != reference
            ? (length, Encoding.UTF8.GetBytes(letter, plain))
            : (1, 1);
    }

    private static int Encode(int unit, Span<byte> plain) =>
        // Halves of a surrogate pair stand for themselves: secrets that are sent in a header or a URL contain none.
        Rune.TryCreate(unit, out var rune)
            ? rune.EncodeToUtf8(plain)
            : Encoding.UTF8.GetBytes("\ufffd", plain);

    private static int? Hex(ReadOnlySpan<byte> text, int start, int digits) =>
        text.Length >= start + digits
        && int.TryParse(text.Slice(start, digits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value)
            ? value
            : null;
}
