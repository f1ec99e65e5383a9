using System.Globalization;
using EventSubscriptions.Destinations;
using EventSubscriptions.Http;

namespace EventSubscriptions.Subscriptions;

/// <summary>The URLs in a request.</summary>
internal static class SubscriptionUrl
{
    /// <summary>The error for a value that is masked in responses, as the rest of a sentence that starts with its field.</summary>
    public const string MustBeGivenInFull = $"must be given in full: {DisplayUrl.Masked} masks a value that responses don't show";

    private const int MaxLength = 2048;

    /// <summary>Reads a URL that requests may be sent to, and reports every error.</summary>
    public static Uri? Read(FieldReader fields, string name, bool required, DestinationGuard guard)
    {
        var text = fields.Text(name, required, minLength: 1, maxLength: MaxLength);
        if (text is null)
        {
            return null;
        }

        // Uri silently repairs surrounding spaces, backslashes and bidirectional characters; the result would not be what was meant.
        if (text.Any(IsRepaired) || !Uri.TryCreate(text, UriKind.Absolute, out var url))
        {
            fields.AddError(name, "must be an absolute URL without spaces or invisible characters, such as https://example.com/events");
            return null;
        }

        if (text.Contains(DisplayUrl.Masked, StringComparison.Ordinal))
        {
            fields.AddError(name, MustBeGivenInFull);
            return null;
        }

        if (guard.CheckUrl(url) is { } reason)
        {
            fields.AddError(name, reason);
            return null;
        }

        return url;
    }

    /// <summary>Whether requests to two URLs go to the same scheme, host, port and path.</summary>
    public static bool LeadsElsewhere(Uri one, Uri other) =>
        Uri.Compare(one, other, UriComponents.SchemeAndServer | UriComponents.Path, UriFormat.UriEscaped, StringComparison.Ordinal) != 0;

    private static bool IsRepaired(char letter) =>
        char.IsWhiteSpace(letter) || char.IsControl(letter) || letter == '\\' || char.GetUnicodeCategory(letter) == UnicodeCategory.Format;
}
