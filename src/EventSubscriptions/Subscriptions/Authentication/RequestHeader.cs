using System.Buffers;
using System.Collections.Frozen;

namespace EventSubscriptions.Subscriptions.Authentication;

/// <summary>Which headers a subscription may set.</summary>
internal static class RequestHeader
{
    public const string Authorization = "Authorization";

    private const int MaxNameLength = 128;

    /// <summary>RFC 9110 §5.6.2.</summary>
    private static readonly SearchValues<char> s_token = SearchValues.Create(
        "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
    );

    /// <summary>They belong to the connection, the framework, or this app.</summary>
    private static readonly FrozenSet<string> s_reserved = FrozenSet.Create(
        StringComparer.OrdinalIgnoreCase,
        "Connection",
        "Keep-Alive",
        "TE",
        "Trailer",
        "Transfer-Encoding",
        "Upgrade",
        "Via",
        "Host",
        "Cookie",
        "Expect",
        "User-Agent",
        "traceparent",
        "tracestate",
        "baggage"
    );

    private static readonly string[] s_reservedPrefixes = ["Content-", "webhook-", "Proxy-"];

    /// <summary>Why a header can't be set, as the rest of a sentence that starts with its name; null if it can.</summary>
    public static string? CheckName(string name) =>
        name.Length is 0 or > MaxNameLength || name.AsSpan().ContainsAnyExcept(s_token) ? "is not a valid name of a header"
        : s_reserved.Contains(name) || s_reservedPrefixes.Any(prefix => name.StartsWith(prefix, StringComparison.OrdinalIgnoreCase))
            ? "is a header that the app or the connection sets"
        : null;

    /// <summary>Why a value is not valid, or null. Printable ASCII, and no spaces around it.</summary>
    public static string? CheckValue(string value) =>
        value.AsSpan().ContainsAnyExceptInRange(' ', '~') || value != value.Trim()
            ? "must be printable ASCII characters without spaces at the start or the end"
            : null;
}
