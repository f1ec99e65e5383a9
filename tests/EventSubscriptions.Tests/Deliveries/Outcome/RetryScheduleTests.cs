using EventSubscriptions.Deliveries;
using EventSubscriptions.Deliveries.Outcome;

namespace EventSubscriptions.Tests.Deliveries.Outcome;

public sealed class RetryScheduleTests
{
    [Fact]
    public void Default_has_ten_attempts_over_about_75_hours()
    {
        var total = DeliveriesOptions.DefaultRetrySchedule.Aggregate(TimeSpan.Zero, (sum, wait) => sum + wait);

        Assert.Equal(9, DeliveriesOptions.DefaultRetrySchedule.Count);
        Assert.Equal(75.6, total.TotalHours, 0.1);
    }

    [Fact]
    public void Wait_is_within_a_fifth_of_the_schedule_and_uses_the_whole_of_it()
    {
        var schedule = new RetrySchedule(DeliveriesOptions.DefaultRetrySchedule);
        for (var attempt = 1; attempt <= 9; attempt++)
        {
            var wait = DeliveriesOptions.DefaultRetrySchedule[attempt - 1];
            var ratios = Enumerable.Range(0, 500).Select(seed => schedule.WaitAfter(attempt, new Random(seed))!.Value / wait).ToList();

            Assert.All(ratios, ratio => Assert.InRange(ratio, 0.8, 1.2));
            Assert.InRange(ratios.Min(), 0.8, 0.81);
            Assert.InRange(ratios.Max(), 1.19, 1.2);
        }

        Assert.Null(schedule.WaitAfter(10, new Random(1)));
    }

    [Fact]
    public void Empty_schedule_has_one_attempt() => Assert.Null(new RetrySchedule([]).WaitAfter(1, new Random(1)));
}
