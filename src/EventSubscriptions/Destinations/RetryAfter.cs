using System.Globalization;
using System.Net.Http.Headers;

namespace EventSubscriptions.Destinations;

/// <summary>The header <c>Retry-After</c> (RFC 9110 §10.2.3).</summary>
internal static class RetryAfter
{
    /// <summary>The longest wait that a receiver may ask for.</summary>
    public static readonly TimeSpan Max = TimeSpan.FromHours(24);

    /// <summary>
    /// Reads the header's value: seconds or a date. Decimals are accepted, and so is a value that a proxy has repeated (<c>120, 120</c>).
    /// Returns the time to wait for, at most <see cref="Max"/> from now, or null if the value is missing or not valid.
    /// </summary>
    public static DateTimeOffset? Parse(string? value, DateTimeOffset now)
    {
        var texts = (value ?? "").Split(',', StringSplitOptions.TrimEntries).Distinct(StringComparer.Ordinal).ToList();
        if (
            texts is [[>= '0' and <= '9', ..] text]
            && double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var seconds)
        )
        {
            return seconds < Max.TotalSeconds ? now.AddSeconds(Math.Ceiling(seconds)) : now + Max;
        }

        return RetryConditionHeaderValue.TryParse(value, out var condition) && condition.Date is { } date
            ? date < now + Max
                ? date
                : now + Max
            : null;
    }
}
