using System.Globalization;

namespace EventSubscriptions.Subscriptions.Formats;

/// <summary>The time of an event in requests: UTC with milliseconds, which all clocks and queues on its way keep.</summary>
internal static class EventTime
{
    public static string Format(DateTimeOffset time) =>
        time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
}
