using System.Globalization;
using LocalHost.Hosting;
using LocalHost.Triggers;

namespace LocalHost.Tests.Triggers;

public sealed class TimerScheduleTests
{
    [Theory]
    [InlineData("* * * * * *", "2025-12-31 23:59:59", "2026-01-01 00:00:00")]
    [InlineData("0 * * * * *", "2025-01-01 00:00:59.999", "2025-01-01 00:01:00")]
    [InlineData("0 */5 * * * *", "2025-01-01 10:56:00", "2025-01-01 11:00:00")]
    [InlineData("0 0 3 * * *", "2025-02-28 03:00:00", "2025-03-01 03:00:00")]
    [InlineData("0 0 0 29 2 *", "2096-03-01 00:00:00", "2104-02-29 00:00:00")]
    [InlineData("0 0 0 * * mon-Fri", "2025-01-03 12:00:00", "2025-01-06 00:00:00")]
    [InlineData("0 0 0 13 * 5", "2025-01-01 00:00:00", "2025-06-13 00:00:00")]
    [InlineData("*/15 * * * *", "2025-01-01 00:00:00", "2025-01-01 00:15:00")]
    [InlineData("  0  0   12 * *  *", "2025-01-01 00:00:00", "2025-01-01 12:00:00")]
    public void Schedule_has_its_next_run(string expression, string after, string expected) =>
        Assert.Equal(Utc(expected), Parse(expression).NextAfter(Utc(after)));

    [Fact]
    public void Schedule_has_no_run_when_its_date_does_not_exist() =>
        Assert.Null(Parse("0 0 0 30 2 *").NextAfter(Utc("2025-01-01 00:00:00")));

    [Fact]
    public void Schedule_is_in_UTC_when_the_time_given_is_not() =>
        Assert.Equal(
            Utc("2025-01-01 03:00:00"),
            Parse("0 0 3 * * *").NextAfter(new DateTimeOffset(2025, 1, 1, 4, 30, 0, TimeSpan.FromHours(2)))
        );

    [Theory]
    [InlineData("* * *")]
    [InlineData("* * * * * * *")]
    public void Schedule_is_refused_with_its_fields_when_it_has_another_number_of_them(string expression) =>
        Assert.Contains(
            "second, minute, hour, day, month and day of week",
            Assert.Throws<StartupException>(() => TimerSchedule.Parse(expression, "Purge")).Message,
            StringComparison.Ordinal
        );

    [Theory]
    [InlineData("")]
    [InlineData("* * * *")]
    [InlineData("* * * * * * *")]
    [InlineData("60 * * * * *")]
    [InlineData("1, * * * * *")]
    [InlineData("*/x * * * * *")]
    [InlineData("00:05:00")]
    public void Schedule_is_refused_with_its_function_when_it_is_not_an_expression(string expression) =>
        Assert.StartsWith(
            $"Purge: '{expression}' is not a valid schedule: ",
            Assert.Throws<StartupException>(() => TimerSchedule.Parse(expression, "Purge")).Message,
            StringComparison.Ordinal
        );

    private static TimerSchedule Parse(string expression) => TimerSchedule.Parse(expression, "Purge");

    private static DateTimeOffset Utc(string text) =>
        DateTimeOffset.Parse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal);
}
