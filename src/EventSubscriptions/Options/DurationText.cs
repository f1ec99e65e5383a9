using System.Globalization;

namespace EventSubscriptions.Options;

/// <summary>
/// Durations in settings and requests: <c>[d.]hh:mm:ss[.fff]</c>. Unlike <see cref="TimeSpan.TryParse(string, out TimeSpan)"/>, which reads
/// <c>24:00:00</c> as 24 days and <c>30</c> as 30 days, hours are always hours: up to 99 if there are no days.
/// </summary>
public static class DurationText
{
    /// <summary>The format, for messages.</summary>
    public const string Format = "[d.]hh:mm:ss[.fff]";

    private const int MaxDayDigits = 7;
    private const int MaxHourDigits = 2;

    private static readonly string[] s_minutesAndSeconds = [@"mm\:ss", @"mm\:ss\.FFFFFFF"];

    /// <summary>Parses a duration, which is never negative; returns false if the text is not valid.</summary>
    public static bool TryParse(string text, out TimeSpan duration)
    {
        duration = default;
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        if (colon < 0 || text.EndsWith('.'))
        {
            return false;
        }

        var dot = text.AsSpan(0, colon).IndexOf('.');
        var days = 0;
        if (
            (dot >= 0 && !TryParse(text.AsSpan(0, dot), MaxDayDigits, out days))
            || !TryParse(text.AsSpan(dot + 1, colon - dot - 1), MaxHourDigits, out var hours)
            || (dot >= 0 && hours >= 24)
            || !TimeSpan.TryParseExact(text.AsSpan(colon + 1), s_minutesAndSeconds, CultureInfo.InvariantCulture, out var rest)
        )
        {
            return false;
        }

        duration = TimeSpan.FromDays(days) + TimeSpan.FromHours(hours) + rest;
        return true;
    }

    /// <summary>The error if a duration is not valid or out of bounds.</summary>
    public static string Expected(TimeSpan min, TimeSpan max) => $"must be a duration {Format} from {min:c} to {max:c}";

    private static bool TryParse(ReadOnlySpan<char> digits, int maxLength, out int number)
    {
        number = 0;
        return digits.Length <= maxLength && int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out number);
    }
}
