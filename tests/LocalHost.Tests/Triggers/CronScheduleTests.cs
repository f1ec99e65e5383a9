using System.Globalization;
using LocalHost.Triggers;

namespace LocalHost.Tests.Triggers;

public sealed class CronScheduleTests
{
    [Theory]
    [InlineData("* * * * * *", "2025-01-01 00:00:00", "2025-01-01 00:00:01")]
    [InlineData("* * * * * *", "2025-12-31 23:59:59", "2026-01-01 00:00:00")]
    [InlineData("0 * * * * *", "2025-01-01 00:00:00", "2025-01-01 00:01:00")]
    [InlineData("0 * * * * *", "2025-01-01 00:00:59.999", "2025-01-01 00:01:00")]
    [InlineData("0 */5 * * * *", "2025-01-01 10:56:00", "2025-01-01 11:00:00")]
    [InlineData("0 0 * * * *", "2025-01-01 10:00:00", "2025-01-01 11:00:00")]
    [InlineData("0 0 */2 * * *", "2025-01-01 22:00:00", "2025-01-02 00:00:00")]
    [InlineData("0 0 9-17 * * *", "2025-01-01 17:00:00", "2025-01-02 09:00:00")]
    [InlineData("0 0 17-9 * * *", "2025-01-01 17:00:00", "2025-01-02 09:00:00")]
    [InlineData("0 30 9 * * *", "2025-01-01 09:29:59", "2025-01-01 09:30:00")]
    [InlineData("0 30 9 * * *", "2025-01-01 09:30:00", "2025-01-02 09:30:00")]
    [InlineData("30 5 1 * * *", "2025-01-01 01:05:30", "2025-01-02 01:05:30")]
    [InlineData("15,45 10,20 * * * *", "2025-01-01 00:10:45", "2025-01-01 00:20:15")]
    [InlineData("15,45 10,20 * * * *", "2025-01-01 00:20:45", "2025-01-01 01:10:15")]
    [InlineData("5/20 * * * * *", "2025-01-01 00:00:25", "2025-01-01 00:00:45")]
    [InlineData("5/20 * * * * *", "2025-01-01 00:00:45", "2025-01-01 00:01:05")]
    [InlineData("10-20/5 * * * * *", "2025-01-01 00:00:20", "2025-01-01 00:01:10")]
    [InlineData("0 0 3 * * *", "2025-02-28 03:00:00", "2025-03-01 03:00:00")]
    [InlineData("0 0 0 29 2 *", "2025-01-01 00:00:00", "2028-02-29 00:00:00")]
    [InlineData("0 0 0 29 2 *", "2096-03-01 00:00:00", "2104-02-29 00:00:00")]
    [InlineData("0 0 0 31 * *", "2025-01-31 00:00:00", "2025-03-31 00:00:00")]
    [InlineData("0 0 0 30,31 * *", "2025-01-31 00:00:00", "2025-03-30 00:00:00")]
    [InlineData("0 0 0 1 1 *", "2025-01-01 00:00:00", "2026-01-01 00:00:00")]
    [InlineData("0 0 0 * * 1-5", "2025-01-03 12:00:00", "2025-01-06 00:00:00")]
    [InlineData("0 0 0 * * 0", "2025-01-01 00:00:00", "2025-01-05 00:00:00")]
    [InlineData("0 0 0 * * SUN", "2025-01-01 00:00:00", "2025-01-05 00:00:00")]
    [InlineData("0 0 0 * * mon-Fri", "2025-01-03 12:00:00", "2025-01-06 00:00:00")]
    [InlineData("0 0 0 1 JAN,Jul *", "2025-01-01 00:00:00", "2025-07-01 00:00:00")]
    [InlineData("0 0 0 1 september *", "2025-01-01 00:00:00", "2025-09-01 00:00:00")]
    [InlineData("0 0 0 13 * 5", "2025-01-01 00:00:00", "2025-06-13 00:00:00")]
    [InlineData("0 0 0 29 2 1", "2025-01-01 00:00:00", "2044-02-29 00:00:00")]
    [InlineData("*/15 * * * *", "2025-01-01 00:00:00", "2025-01-01 00:15:00")]
    [InlineData("  0  0   12 * *  *", "2025-01-01 00:00:00", "2025-01-01 12:00:00")]
    public void Schedule_has_its_next_run(string expression, string after, string expected) =>
        Assert.Equal(Utc(expected), CronSchedule.Parse(expression).NextAfter(Utc(after)));

    [Theory]
    [InlineData("0 0 0 30 2 *")]
    [InlineData("0 0 0 31 4,6,9,11 *")]
    public void Schedule_has_no_run_when_its_date_does_not_exist(string expression) =>
        Assert.Null(CronSchedule.Parse(expression).NextAfter(Utc("2025-01-01 00:00:00")));

    [Fact]
    public void Schedule_has_no_run_after_the_end_of_time() =>
        Assert.Null(CronSchedule.Parse("0 0 0 * * *").NextAfter(Utc("9998-12-31 23:00:00")));

    [Fact]
    public void Schedule_is_in_UTC_when_the_time_given_is_not() =>
        Assert.Equal(Utc("2025-01-01 03:00:00"), CronSchedule.Parse("0 0 3 * * *").NextAfter(new DateTimeOffset(2025, 1, 1, 4, 30, 0, TimeSpan.FromHours(2))));

    [Fact]
    public void Schedule_never_skips_a_run_over_a_leap_year()
    {
        var schedule = CronSchedule.Parse("17 */7 3-20/4 */3 2-11 0,3-6");
        int[] minutes = [0, 7, 14, 21, 28, 35, 42, 49, 56];
        int[] hours = [3, 7, 11, 15, 19];
        DayOfWeek[] days = [DayOfWeek.Sunday, DayOfWeek.Wednesday, DayOfWeek.Thursday, DayOfWeek.Friday, DayOfWeek.Saturday];
        var time = Utc("2024-01-01 00:00:00");
        var next = schedule.NextAfter(time);

        for (time = time.AddSeconds(17); time.Year < 2025; time = time.AddMinutes(1))
        {
            if (minutes.Contains(time.Minute) && hours.Contains(time.Hour) && time.Day % 3 == 1 && time.Month is >= 2 and <= 11 && days.Contains(time.DayOfWeek))
            {
                Assert.Equal(time, next);
                next = schedule.NextAfter(time);
            }
        }

        Assert.Equal(2025, next!.Value.Year);
    }

    [Theory]
    [InlineData("")]
    [InlineData("* * * *")]
    [InlineData("* * * * * * *")]
    [InlineData("60 * * * * *")]
    [InlineData("* 60 * * * *")]
    [InlineData("* * 24 * * *")]
    [InlineData("* * * 0 * *")]
    [InlineData("* * * 32 * *")]
    [InlineData("* * * * 13 *")]
    [InlineData("* * * * * 7")]
    [InlineData("* * * * Foo *")]
    [InlineData("Mon * * * * *")]
    [InlineData("-1 * * * * *")]
    [InlineData("1- * * * * *")]
    [InlineData("1, * * * * *")]
    [InlineData("*/0 * * * * *")]
    [InlineData("*/x * * * * *")]
    [InlineData("00:05:00")]
    public void Schedule_is_refused_when_it_is_no_expression(string expression) =>
        Assert.Throws<FormatException>(() => CronSchedule.Parse(expression));

    private static DateTimeOffset Utc(string text) => DateTimeOffset.Parse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal);
}
