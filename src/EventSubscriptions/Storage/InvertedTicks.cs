using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace EventSubscriptions.Storage;

/// <summary>Row keys that sort newest first: <c>DateTime.MaxValue.Ticks - utcTicks</c> in 19 digits.</summary>
public static class InvertedTicks
{
    /// <summary>The length of the formatted form.</summary>
    public const int Length = 19;

    /// <summary>The 19 digits of a time.</summary>
    public static string Format(DateTimeOffset time) => Format(Invert(time));

    /// <summary>Parses the time at the start of a key; returns false if there is none.</summary>
    public static bool TryParse([NotNullWhen(true)] string? key, out DateTimeOffset time)
    {
        var valid =
            long.TryParse(
                key.AsSpan(0, Math.Min(key?.Length ?? 0, Length)),
                NumberStyles.None,
                CultureInfo.InvariantCulture,
                out var inverted
            )
            && key!.Length >= Length
            && inverted <= DateTime.MaxValue.Ticks;
        time = valid ? new DateTimeOffset(DateTime.MaxValue.Ticks - inverted, TimeSpan.Zero) : default;
        return valid;
    }

    /// <summary>The keys of a time range: its start is included, its end is not. A null bound is open.</summary>
    /// <returns>The lowest key in the range, and the lowest key after it; null if the range is open on that side.</returns>
    public static (string? AtLeast, string? Below) KeyRange(DateTimeOffset? from, DateTimeOffset? to) =>
        (to is null ? null : Format(Invert(to.Value) + 1), from is null ? null : Format(Invert(from.Value) + 1));

    private static long Invert(DateTimeOffset time) => DateTime.MaxValue.Ticks - time.UtcTicks;

    private static string Format(long inverted) => inverted.ToString("D19", CultureInfo.InvariantCulture);
}
