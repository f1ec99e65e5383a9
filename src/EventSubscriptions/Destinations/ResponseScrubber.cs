using System.Buffers;
using System.Text;

namespace EventSubscriptions.Destinations;

/// <summary>Makes a response safe to show: removes secrets and control characters, and shortens it.</summary>
internal static class ResponseScrubber
{
    /// <summary>How many levels of escaping are undone, such as <c>%2B</c> in JSON in JSON.</summary>
    private const int MaxDepth = 3;

    private const int MaxEscapeLength = 12;

    /// <summary>The length of a response snippet, in characters.</summary>
    public const int MaxSnippetLength = 1024;

    private static readonly SearchValues<char> s_control = SearchValues.Create([
        .. Enumerable.Range(0, 32).Select(code => (char)code).Where(code => code is not ('\t' or '\n')),
        '\u007f',
    ]);

    /// <summary>Returns at most <paramref name="maxLength"/> characters of what remains, or null if nothing does.</summary>
    /// <param name="bytes">Read as UTF-8.</param>
    /// <param name="truncated">Whether the response is longer: a secret or an escape may have been cut in two.</param>
    /// <param name="secrets">Removed even if percent-encoded or escaped for JSON or HTML.</param>
    /// <param name="maxLength">In characters.</param>
    public static string? Scrub(ReadOnlySpan<byte> bytes, bool truncated, SecretForms secrets, int maxLength)
    {
        if (bytes.IsEmpty)
        {
            return null;
        }

        var text = WithoutControls(Encoding.UTF8.GetString(bytes));
        if (truncated)
        {
            text = WithoutBrokenEscape(text);
        }

        var cuts = new SecretCuts(Encoding.UTF8.GetBytes(text));
        var view = UnescapedText.Of(cuts.Text);
        for (var depth = 0; ; depth++)
        {
            cuts.Find(view, secrets, truncated);
            if (depth == MaxDepth || view.Unescape() is not { } inner)
            {
                break;
            }

            view = inner;
        }

        text = cuts.Apply();
        return text.Length == 0 ? null : Shorten(text, maxLength);
    }

    private static string Shorten(string text, int maxLength) =>
        text.Length <= maxLength ? text : text[..(char.IsHighSurrogate(text[maxLength - 1]) ? maxLength - 1 : maxLength)];

    private static string WithoutBrokenEscape(string text)
    {
        var at = text.LastIndexOfAny(['%', '\\', '&']);
        return at >= 0 && text.Length - at < MaxEscapeLength ? text[..at] : text;
    }

    private static string WithoutControls(string text)
    {
        if (!text.AsSpan().ContainsAny(s_control))
        {
            return text;
        }

        var kept = new StringBuilder(text.Length);
        foreach (var letter in text)
        {
            if (!s_control.Contains(letter))
            {
                kept.Append(letter);
            }
        }

        return kept.ToString();
    }

    /// <summary>The parts of a text that contain a secret.</summary>
    private sealed class SecretCuts(byte[] text)
    {
        private readonly SortedSet<(int Start, int End)> _ranges = [];
        private int _end = text.Length;

        public byte[] Text => text;

        public void Find(UnescapedText view, SecretForms secrets, bool truncated)
        {
            foreach (var form in secrets.All)
            {
                for (var from = 0; view.Bytes.AsSpan(from).IndexOf(form) is >= 0 and var at; from += at + form.Length)
                {
                    _ranges.Add((view.Source(from + at), view.Source(from + at + form.Length)));
                }

                if (truncated && BeginningAtEnd(view.Bytes, form) is > 0 and var length)
                {
                    _end = Math.Min(_end, view.Source(view.Bytes.Length - length));
                }
            }
        }

        /// <summary>The text with each part replaced, and without the start of a secret at its end.</summary>
        public string Apply()
        {
            var shown = new StringBuilder(text.Length);
            var at = 0;
            foreach (var (start, end) in _ranges)
            {
                if (start >= _end)
                {
                    break;
                }

                if (start >= at)
                {
                    shown.Append(Encoding.UTF8.GetString(text.AsSpan(at..start))).Append("***");
                }

                at = Math.Max(at, end);
            }

            return at < _end ? shown.Append(Encoding.UTF8.GetString(text.AsSpan(at.._end))).ToString() : shown.ToString();
        }

        private static int BeginningAtEnd(ReadOnlySpan<byte> text, ReadOnlySpan<byte> form)
        {
            for (var length = Math.Min(form.Length - 1, text.Length); length > 0; length--)
            {
                if (text.EndsWith(form[..length]))
                {
                    return length;
                }
            }

            return 0;
        }
    }
}
