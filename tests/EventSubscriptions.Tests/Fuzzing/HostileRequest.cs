using CsCheck;

namespace EventSubscriptions.Tests.Fuzzing;

/// <summary>Generates headers, queries and message properties.</summary>
internal static class HostileRequest
{
    public static readonly Gen<string> ContentType = Gen.Frequency(
        (20, "application/json"),
        (1, "application/merge-patch+json"),
        (1, "application/json; charset=utf-16"),
        (1, "text/plain"),
        (1, "nonsense"),
        (1, ";")
    );

    public static readonly Gen<(string Name, string Value)> Header = Gen.OneOf(
        ("If-Match", "*"),
        ("If-Match", "W/\"x\""),
        ("If-Match", "\"x\", x"),
        ("If-Match", "\""),
        ("If-Match", "W/"),
        ("If-None-Match", "W/"),
        ("If-None-Match", "\"x\""),
        ("Content-Encoding", "gzip"),
        ("Content-Encoding", "identity"),
        ("Idempotency-Key", "\"id\""),
        ("Idempotency-Key", "\""),
        ("Authorization", "Basic eDp5"),
        ("Authorization", "Bearer"),
        ("Accept-Encoding", "gzip, br")
    );

    public static readonly Gen<string> Query = Gen.Frequency<string>(
        (10, Gen.Const("")),
        (
            4,
            Gen.Select(
                Gen.OneOf(
                    "from",
                    "to",
                    "pageSize",
                    "continuationToken",
                    "type",
                    "subscriptionId",
                    "outcome",
                    "eventId",
                    "event",
                    "isActive",
                    "_"
                ),
                Gen.OneOf(Hostile.Time, Hostile.Number, Hostile.Raw),
                (name, value) => $"?{name}={Uri.EscapeDataString(Shortened(value))}"
            )
        ),
        (1, Hostile.Raw.Select(raw => "?" + Uri.EscapeDataString(Shortened(raw))))
    );

    /// <summary>A property of a message, as a producer may set it.</summary>
    public static readonly Gen<(string Name, string Value)> Property = Gen.Select(
        Gen.OneOf(
            "eventId",
            "source",
            "traceparent",
            "Diagnostic-Id",
            "publishedAt",
            "after",
            "archived",
            "hold",
            "organizationId",
            "subscriptionId",
            "run",
            "attempt"
        ),
        Gen.OneOf(Hostile.Raw.Select(Hostile.Quoted), Hostile.Number, Gen.OneOf("true", "null", "\"\\ud800\"")),
        (name, value) => (name, Ascii(value))
    );

    public static string Shortened(string text) => text.Length <= 300 ? text : text[..300];

    /// <summary>Removes what not every header may have: line breaks and other than ASCII.</summary>
    public static string Ascii(string text) => string.Concat(Shortened(text).Where(letter => letter is >= ' ' and <= '~'));
}
