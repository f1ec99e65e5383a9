using System.Buffers.Text;

namespace EventSubscriptions.Http;

/// <summary>
/// Escapes that are half of a surrogate pair (RFC 8259 §8.2): JSON's grammar allows them, but they are not Unicode, and writing one fails.
/// </summary>
internal static class LoneSurrogates
{
    private const int EscapeLength = 6;

    /// <summary>The position of the first one in JSON, in a name or a value; -1 if there is none.</summary>
    public static int Find(ReadOnlySpan<byte> json)
    {
        var at = 0;
        while (json[at..].IndexOf((byte)'\\') is >= 0 and var distance)
        {
            at += distance;
            var unit = Unit(json[at..]);
            if (unit is null)
            {
                at = Math.Min(at + 2, json.Length);
            }
            else if (!char.IsSurrogate(unit.Value))
            {
                at += EscapeLength;
            }
            else if (char.IsHighSurrogate(unit.Value) && Unit(json[(at + EscapeLength)..]) is { } next && char.IsLowSurrogate(next))
            {
                at += 2 * EscapeLength;
            }
            else
            {
                return at;
            }
        }

        return -1;
    }

    /// <summary>The UTF-16 code unit that the text starts with as an escape, or null.</summary>
    private static char? Unit(ReadOnlySpan<byte> json) =>
        json.Length >= EscapeLength
        && json.StartsWith("\\u"u8)
        && Utf8Parser.TryParse(json.Slice(2, 4), out ushort unit, out var consumed, 'x')
        && consumed == 4
            ? (char)unit
            : null;
}
