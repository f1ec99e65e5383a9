using System.Text;

namespace EventSubscriptions.Subscriptions;

/// <summary>URLs for people: the values of the query, which may be keys, are masked, and all of a secret URL but its host.</summary>
public static class DisplayUrl
{
    /// <summary>What stands for a value.</summary>
    public const string Masked = "***";

    /// <summary>The URL of a subscription; <c>https://host/***</c> if it is secret.</summary>
    public static string Of(Subscription subscription) =>
        subscription.UrlIsSecret
            ? $"{subscription.Url.GetComponents(UriComponents.SchemeAndServer, UriFormat.UriEscaped)}/{Masked}"
            : Of(subscription.Url);

    /// <summary>
    /// <c>https://host/path?a=1&amp;b</c> becomes <c>https://host/path?a=***&amp;***</c>: a parameter without a name is all value.
    /// </summary>
    public static string Of(Uri url)
    {
        var head = url.GetComponents(UriComponents.AbsoluteUri & ~UriComponents.Query & ~UriComponents.Fragment, UriFormat.UriEscaped);
        if (url.Query.Length <= 1)
        {
            return head;
        }

        var display = new StringBuilder(head);
        var separator = '?';
        foreach (var part in url.Query.AsSpan(1).Split('&'))
        {
            var pair = url.Query.AsSpan(1)[part];
            var equals = pair.IndexOf('=');
            display.Append(separator).Append(pair[..(equals + 1)]).Append(pair.Length == 0 ? "" : Masked);
            separator = '&';
        }

        return display.ToString();
    }
}
