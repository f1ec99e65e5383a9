using System.Globalization;
using System.Numerics;
using LocalHost.Hosting;

namespace LocalHost.Triggers;

/// <summary>
/// An NCRONTAB expression: second, minute, hour, day, month, day of the week (0 is Sunday), in UTC; without the first field, at second 0.
/// A field is a list of values, ranges (<c>a-b</c>, in either order) and steps (<c>*/n</c>, <c>a/n</c> to the field's end, <c>a-b/n</c>); months and days
/// of the week also go by their English names or any beginning of them. A day must satisfy both of its fields.
/// </summary>
internal sealed class CronSchedule
{
    /// <summary>The Gregorian calendar repeats itself, days of the week included.</summary>
    private const int CalendarCycleYears = 400;

    private static readonly string[] Months = [.. CultureInfo.InvariantCulture.DateTimeFormat.MonthNames[..12]];
    private static readonly string[] Days = CultureInfo.InvariantCulture.DateTimeFormat.DayNames;

    private static readonly (string Name, int First, int Last, string[] Names)[] Fields =
    [
        ("second", 0, 59, []),
        ("minute", 0, 59, []),
        ("hour", 0, 23, []),
        ("day", 1, 31, []),
        ("month", 1, 12, Months),
        ("day of the week", 0, 6, Days),
    ];

    private readonly string _expression;
    private readonly ulong[] _fields;

    private CronSchedule(string expression, ulong[] fields)
    {
        _expression = expression;
        _fields = fields;
    }

    /// <param name="function">Whose schedule it is, for the message.</param>
    /// <exception cref="StartupException">It isn't such an expression.</exception>
    public static CronSchedule Parse(string expression, string function)
    {
        try
        {
            return Parse(expression);
        }
        catch (FormatException e)
        {
            throw new StartupException($"{function}: '{expression}' is no schedule: {e.Message}");
        }
    }

    /// <exception cref="FormatException">It isn't such an expression; the message says why.</exception>
    public static CronSchedule Parse(string expression)
    {
        var parts = expression.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (parts.Length == Fields.Length - 1)
        {
            parts = ["0", .. parts];
        }

        if (parts.Length != Fields.Length)
        {
            throw new FormatException("it has six fields: second, minute, hour, day, month and day of the week.");
        }

        return new CronSchedule(expression, [.. parts.Select((part, i) => ParseField(part, i))]);
    }

    /// <returns>The first time after <paramref name="time"/>, to the second; null when there is none, as with February 30.</returns>
    public DateTimeOffset? NextAfter(DateTimeOffset time)
    {
        var start = time.ToUniversalTime();
        start = start.AddTicks(-(start.Ticks % TimeSpan.TicksPerSecond)).AddSeconds(1);
        var (second, minute, hour) = (start.Second, start.Minute, start.Hour);

        // The first time of day that is not before the start; when there is none, the first of a later day.
        var today = NextTimeOfDay(hour, minute, second);
        var day = start.Date;
        if (today is null)
        {
            day = day.AddDays(1);
        }

        var next = NextDay(day);
        if (next is null)
        {
            return null;
        }

        var timeOfDay = next == start.Date ? today!.Value : First();
        return new DateTimeOffset(next.Value + timeOfDay, TimeSpan.Zero);
    }

    public override string ToString() => _expression;

    private TimeSpan? NextTimeOfDay(int hour, int minute, int second)
    {
        if (Has(2, hour))
        {
            if (Has(1, minute) && NextIn(0, second) is { } sameMinute)
            {
                return new TimeSpan(hour, minute, sameMinute);
            }

            if (NextIn(1, minute + 1) is { } sameHour)
            {
                return new TimeSpan(hour, sameHour, FirstOf(0));
            }
        }

        return NextIn(2, hour + 1) is { } later ? new TimeSpan(later, FirstOf(1), FirstOf(0)) : null;
    }

    private DateTime? NextDay(DateTime day)
    {
        var end = day.Year + CalendarCycleYears;
        while (day.Year <= end && day.Year < DateTime.MaxValue.Year)
        {
            if (!Has(4, day.Month))
            {
                day = new DateTime(day.Year, day.Month, 1, 0, 0, 0, DateTimeKind.Unspecified).AddMonths(1);
            }
            else if (Has(3, day.Day) && Has(5, (int)day.DayOfWeek))
            {
                return day;
            }
            else
            {
                day = day.AddDays(1);
            }
        }

        return null;
    }

    private TimeSpan First() => new(FirstOf(2), FirstOf(1), FirstOf(0));

    private bool Has(int field, int value) => (_fields[field] >> value & 1) != 0;

    private int FirstOf(int field) => BitOperations.TrailingZeroCount(_fields[field]);

    private int? NextIn(int field, int from)
    {
        var rest = from > 63 ? 0 : _fields[field] >> from << from;
        return rest == 0 ? null : BitOperations.TrailingZeroCount(rest);
    }

    private static ulong ParseField(string text, int field) =>
        text.Split(',').Aggregate(0UL, (values, element) => values | ParseElement(element, field));

    private static ulong ParseElement(string element, int field)
    {
        var (_, first, last, _) = Fields[field];
        var slash = element.IndexOf('/', StringComparison.Ordinal);
        var range = slash < 0 ? element : element[..slash];
        var step = slash < 0 ? 1 : ParseStep(element[(slash + 1)..], element, field);
        if (range != "*")
        {
            var dash = range.IndexOf('-', StringComparison.Ordinal);
            first = ParseValue(dash < 0 ? range : range[..dash], element, field);
            last = dash >= 0 ? ParseValue(range[(dash + 1)..], element, field) : slash < 0 ? first : last;
            (first, last) = (Math.Min(first, last), Math.Max(first, last));
        }

        var values = 0UL;
        for (var value = first; value <= last; value += step)
        {
            values |= 1UL << value;
        }

        return values;
    }

    private static int ParseStep(string text, string element, int field) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var step) && step is > 0 and < 100 ? step : throw Wrong(element, field);

    private static int ParseValue(string text, string element, int field)
    {
        var (_, first, last, names) = Fields[field];
        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value))
        {
            return value >= first && value <= last ? value : throw Wrong(element, field);
        }

        var index = text.Length == 0 ? -1 : Array.FindIndex(names, name => name.StartsWith(text, StringComparison.OrdinalIgnoreCase));
        return index < 0 ? throw Wrong(element, field) : first + index;
    }

    private static FormatException Wrong(string element, int field) =>
        new($"'{element}' is no {Fields[field].Name}, which goes from {Fields[field].First} to {Fields[field].Last}.");
}
