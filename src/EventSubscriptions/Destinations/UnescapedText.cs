using System.Buffers;
using System.Globalization;
using System.Net;
using System.Text;

namespace EventSubscriptions.Destinations;

/// <summary>A text in UTF-8 whose escapes are undone, and for each of its bytes, where it comes from in the text as it was.</summary>
internal sealed class UnescapedText
{
    /// <summary>The longest reference that is looked for, such as <c>&amp;#x1F600;</c>.</summary>
    private const int MaxReferenceLength = 12;

    private static readonly SearchValues<byte> s_escapes = SearchValues.Create("%\\&"u8);

    // Where each byte begins, and at last where the text ends; null where nothing is undone yet.
    private readonly int[]? _sources;

    private UnescapedText(byte[] bytes, int[]? sources) => (Bytes, _sources) = (bytes, sources);

    public byte[] Bytes { get; }

    /// <summary>A text as it is.</summary>
    public static UnescapedText Of(byte[] text) => new(text, sources: null);

    /// <summary>The position in the text as it was.</summary>
    public int Source(int position) => _sources?[position] ?? position;

    /// <summary>Undoes percent-encoding and the escapes of JSON, JavaScript and HTML, each once; null where there are none.</summary>
    public UnescapedText? Unescape()
    {
        if (!Bytes.AsSpan().ContainsAny(s_escapes))
        {
            return null;
        }

        var bytes = new List<byte>(Bytes.Length);
        var sources = new List<int>(Bytes.Length + 1);
        Span<byte> plain = stackalloc byte[MaxReferenceLength];
        for (var at = 0; at < Bytes.Length;)
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

    /// <summary>Undoes what the text begins with. Returns how long that is, and how much it stands for.</summary>
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
        // Halves of a pair stand for themselves: no secret that is sent in a header or a URL has any.
        Rune.TryCreate(unit, out var rune) ? rune.EncodeToUtf8(plain) : Encoding.UTF8.GetBytes("\ufffd", plain);

    private static int? Hex(ReadOnlySpan<byte> text, int start, int digits) =>
        text.Length >= start + digits && int.TryParse(text.Slice(start, digits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value)
            ? value
            : null;
}
