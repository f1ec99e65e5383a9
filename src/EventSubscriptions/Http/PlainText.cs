using System.Buffers;
using System.Globalization;
using System.Text;

namespace EventSubscriptions.Http;

/// <summary>Text for people, which appears in logs, terminals and pages.</summary>
public static class PlainText
{
    /// <summary>The error if <see cref="IsText"/> is false.</summary>
    public const string TextExpected = "must not contain control characters other than tabs and line breaks";

    private static readonly SearchValues<char> s_layout = SearchValues.Create("\t\r\n");

    /// <summary>Default-ignorable code points that are not format characters, and letters and symbols that render as blanks.</summary>
    private static readonly (int First, int Last)[] s_invisible =
    [
        (0x034f, 0x034f),
        (0x115f, 0x1160),
        (0x17b4, 0x17b5),
        (0x180b, 0x180f),
        (0x2065, 0x2065),
        (0x2800, 0x2800),
        (0x3164, 0x3164),
        (0xfe00, 0xfe0f),
        (0xffa0, 0xffa0),
        (0xfff0, 0xfff8),
        (0xe0000, 0xe0fff),
    ];

    /// <summary>
    /// What is wrong with a name, as the rest of a sentence, or null. A name is one line without controls, line separators, and invisible
    /// or bidirectional characters, so that two names that look alike are alike.
    /// </summary>
    public static string? CheckName(string name) =>
        string.IsNullOrWhiteSpace(name) ? "must not be blank"
        : FindUnreadable(name) is { } found ? $"must be one line of visible characters; U+{found.Value:X4} is not one"
        : null;

    /// <summary>The first character that a name may not contain, or null.</summary>
    public static Rune? FindUnreadable(string text)
    {
        foreach (var rune in text.EnumerateRunes())
        {
            if (IsUnreadable(rune))
            {
                return rune;
            }
        }

        return null;
    }

    /// <summary>Whether the text contains no control characters except tabs and line breaks.</summary>
    public static bool IsText(string text) => !text.Any(letter => char.IsControl(letter) && !s_layout.Contains(letter));

    private static bool IsUnreadable(Rune rune) =>
        Rune.GetUnicodeCategory(rune)
            is UnicodeCategory.Control
                or UnicodeCategory.Format
                or UnicodeCategory.LineSeparator
                or UnicodeCategory.ParagraphSeparator
        || Array.Exists(s_invisible, range => rune.Value >= range.First && rune.Value <= range.Last);
}
