using LocalHost.Hosting;
using NCrontab;

namespace LocalHost.Triggers;

/// <summary>
/// An NCRONTAB expression in UTC: second (0 if omitted), minute, hour, day, month, weekday.
/// </summary>
internal sealed class TimerSchedule
{
    private const int FieldsWithSeconds = 6;

    private readonly CrontabSchedule _schedule;
    private readonly string _expression;

    private TimerSchedule(string expression, CrontabSchedule schedule)
    {
        _expression = expression;
        _schedule = schedule;
    }

    /// <param name="expression">The expression.</param>
    /// <param name="function">The name of the function, for the message.</param>
    /// <exception cref="StartupException">The expression is not valid.</exception>
    public static TimerSchedule Parse(string expression, string function)
    {
        var fields = expression.Split(' ', StringSplitOptions.RemoveEmptyEntries).Length;
        if (fields is not (FieldsWithSeconds or FieldsWithSeconds - 1))
        {
            throw new StartupException(
                $"{function}: '{expression}' is not a valid schedule: it must have the fields second, minute, hour, day, month and day of week; the second may be omitted."
            );
        }

        try
        {
            return new(expression, CrontabSchedule.Parse(expression, new() { IncludingSeconds = fields == FieldsWithSeconds }));
        }
        catch (CrontabException exception)
        {
            throw new StartupException($"{function}: '{expression}' is not a valid schedule: {exception.Message}");
        }
    }

    /// <returns>The first time after <paramref name="time"/>, in whole seconds, or null if there is none, as for February 30.</returns>
    public DateTimeOffset? NextAfter(DateTimeOffset time)
    {
        var next = _schedule.GetNextOccurrence(time.UtcDateTime, DateTime.MaxValue);
        return next == DateTime.MaxValue ? null : new DateTimeOffset(DateTime.SpecifyKind(next, DateTimeKind.Utc));
    }

    public override string ToString() => _expression;
}
