using System.Buffers;
using System.Globalization;
using System.Text;

namespace EventSubscriptions.Http;

/// <summary>Texts for people, which end up in logs, terminals and pages.</summary>
public static class PlainText
{
    /// <summary>What to say where <see cref="IsText"/> fails.</summary>
    public const string TextExpected = "must not hold control characters other than tabs and line breaks";

    private static readonly SearchValues<char> s_layout = SearchValues.Create("\t\r\n");

    /// <summary>What Unicode calls ignorable by default although it is no format character, and letters and symbols that show as blanks.</summary>
    private static readonly (int First, int Last)[] s_invisible =
    [
        (0x034f, 0x034f), (0x115f, 0x1160), (0x17b4, 0x17b5), (0x180b, 0x180f), (0x2065, 0x2065), (0x2800, 0x2800), (0x3164, 0x3164),
        (0xfe00, 0xfe0f), (0xffa0, 0xffa0), (0xfff0, 0xfff8), (0xe0000, 0xe0fff),
    ];

    /// <summary>
    /// What is wrong with a name, as the rest of a sentence, or null. A name is one line that shows what it is: without controls,
    /// line separators, and characters that are invisible or turn the direction of the text, so that no two names look alike because of them.
    /// </summary>
    public static string? CheckName(string name) =>
        string.IsNullOrWhiteSpace(name) ? "must not be blank"
        : FindUnreadable(name) is { } found ? $"must be one line of visible characters: U+{found.Value:X4} is none"
        : null;

    /// <summary>The first character that no name may hold, or null.</summary>
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

    /// <summary>Whether the text holds no control characters but those of layout.</summary>
    public static bool IsText(string text) => !text.Any(letter => char.IsControl(letter) && !s_layout.Contains(letter));

    private static bool IsUnreadable(Rune rune) =>
        Rune.GetUnicodeCategory(rune) is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator
        || Array.Exists(s_invisible, range => rune.Value >= range.First && rune.Value <= range.Last);
}
