using System.Buffers;

namespace EventSubscriptions.Http;

/// <summary>Texts for people, which end up in logs, terminals and pages.</summary>
public static class PlainText
{
    /// <summary>What to say where <see cref="IsLine"/> fails.</summary>
    public const string LineExpected = "must be one line of text and not blank";

    /// <summary>What to say where <see cref="IsText"/> fails.</summary>
    public const string TextExpected = "must not hold control characters other than tabs and line breaks";

    private static readonly SearchValues<char> s_layout = SearchValues.Create("\t\r\n");

    /// <summary>Whether the text is one line that says something.</summary>
    public static bool IsLine(string text) => !string.IsNullOrWhiteSpace(text) && !text.Any(char.IsControl);

    /// <summary>Whether the text holds no control characters but those of layout.</summary>
    public static bool IsText(string text) => !text.Any(letter => char.IsControl(letter) && !s_layout.Contains(letter));
}
