using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace EventSubscriptions.Destinations;

/// <summary>Host names that are unambiguous.</summary>
internal static class HostName
{
    /// <summary>RFC 1035 §2.3.4, without the final dot.</summary>
    private const int MaxLength = 253;

    private static readonly IdnMapping s_idn = new();

    /// <summary>
    /// Characters that Unicode normalization form C replaces or combines with the previous one: DNS would look up another name than
    /// browsers do. These are combining marks, the points of Hebrew and Arabic, parts of Hangul syllables, and compatibility letters.
    /// </summary>
    private static readonly (char First, char Last)[] s_normalized =
    [
        ('\u0300', '\u0374'),
        ('\u0591', '\u05c7'),
        ('\u0610', '\u061a'),
        ('\u064b', '\u065f'),
        ('\u0670', '\u0670'),
        ('\u0958', '\u095f'),
        ('\u09dc', '\u09df'),
        ('\u0a33', '\u0a36'),
        ('\u0a59', '\u0a5b'),
        ('\u0a5e', '\u0a5e'),
        ('\u0b5c', '\u0b5d'),
        ('\u0f43', '\u0f43'),
        ('\u0f4d', '\u0f4d'),
        ('\u0f52', '\u0f52'),
        ('\u0f57', '\u0f57'),
        ('\u0f5c', '\u0f5c'),
        ('\u0f69', '\u0f69'),
        ('\u0f71', '\u0f81'),
        ('\u0f93', '\u0f93'),
        ('\u0f9d', '\u0f9d'),
        ('\u0fa2', '\u0fa2'),
        ('\u0fa7', '\u0fa7'),
        ('\u0fac', '\u0fac'),
        ('\u0fb9', '\u0fb9'),
        ('\u1100', '\u11ff'),
        ('\u1b35', '\u1b35'),
        ('\u1f70', '\u1fff'),
        ('\u3099', '\u309a'),
        ('\uf900', '\ufaff'),
    ];

    /// <summary>Pairs that the same form combines into one letter, in scripts whose vowel signs are otherwise letters.</summary>
    private static readonly SearchValues<string> s_pairs = SearchValues.Create(
        [
            "\u0928\u093c",
            "\u0930\u093c",
            "\u0933\u093c",
            "\u09c7\u09be",
            "\u09c7\u09d7",
            "\u0b47\u0b3e",
            "\u0b47\u0b56",
            "\u0b47\u0b57",
            "\u0b92\u0bd7",
            "\u0bc6\u0bbe",
            "\u0bc6\u0bd7",
            "\u0bc7\u0bbe",
            "\u0c46\u0c56",
            "\u0cbf\u0cd5",
            "\u0cc6\u0cc2",
            "\u0cc6\u0cd5",
            "\u0cc6\u0cd6",
            "\u0cca\u0cd5",
            "\u0d46\u0d3e",
            "\u0d46\u0d57",
            "\u0d47\u0d3e",
            "\u0dd9\u0dca",
            "\u0dd9\u0dcf",
            "\u0dd9\u0ddf",
            "\u0ddc\u0dca",
            "\u1025\u102e",
        ],
        StringComparison.Ordinal
    );

    /// <summary>
    /// Whether the host, as typed, contains only characters that everyone reads alike. Characters that IDNA calls unstable (RFC 5892 §2.2),
    /// such as full-width or circled letters and digits, mean different names to different libraries.
    /// </summary>
    public static bool IsPlain(string host) => host.All(IsPlain) && !host.AsSpan().ContainsAny(s_pairs);

    /// <summary>Finds the name to resolve, without a final dot; returns false if IDNA rejects it or it is too long for DNS.</summary>
    public static bool TryGetAscii(Uri url, [NotNullWhen(true)] out string? name)
    {
        try
        {
            // Uri checks IDNA only now: a label may be too long in its ASCII form, or mix directions. It does not check labels that are
            // already in that form.
            name = url.IdnHost.TrimEnd('.');
            return name.Length is > 0 and <= MaxLength && (url.HostNameType != UriHostNameType.Dns || s_idn.GetUnicode(name).Length > 0);
        }
        catch (Exception exception) when (exception is UriFormatException or ArgumentException)
        {
            name = null;
            return false;
        }
    }

    private static bool IsPlain(char letter) =>
        char.IsAscii(letter)
        || (
            letter is >= '\u00df' and not (>= '\u2000' and <= '\u2fff' or >= '\ufb00')
            && !Array.Exists(s_normalized, range => letter >= range.First && letter <= range.Last)
            && char.GetUnicodeCategory(letter)
                is UnicodeCategory.LowercaseLetter
                    or UnicodeCategory.OtherLetter
                    or UnicodeCategory.ModifierLetter
                    or UnicodeCategory.NonSpacingMark
                    or UnicodeCategory.SpacingCombiningMark
        );
}
