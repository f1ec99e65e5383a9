using System.Globalization;
using EventSubscriptions.Deliveries;
using EventSubscriptions.Deliveries.Outcome;
using EventSubscriptions.Subscriptions;

namespace EventSubscriptions.Tests.Deliveries.Outcome;

public sealed class FailingReportPolicyTests
{
    private static readonly DateTimeOffset s_since = new(2026, 1, 31, 10, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData("00:14:59", 9, null, null)]
    [InlineData("00:15:00", 2, null, null)]
    [InlineData("00:15:00", 3, null, 0)]
    [InlineData("01:00:00", 100, 0, null)]
    [InlineData("2.11:59:59", 100, 0, null)]
    [InlineData("2.12:00:00", 4, 0, null)]
    [InlineData("2.12:00:00", 5, 0, 50)]
    [InlineData("2.12:00:00", 100, 50, null)]
    [InlineData("3.12:00:00", 100, 50, 70)]
    [InlineData("3.12:00:00", 6, 50, null)]
    [InlineData("4.12:00:00", 100, 70, 90)]
    [InlineData("4.12:00:00", 9, null, 90)]
    [InlineData("30.00:00:00", 9, 90, null)]
    [InlineData("30.00:00:00", 7, 0, 70)]
    public void Report_is_due_at_the_smaller_of_time_and_failures(string elapsed, int failures, int? reported, int? expected)
    {
        var health = new SubscriptionHealth
        {
            FailingSince = s_since,
            Failures = failures,
            HasFailedEvents = true,
            ReportedPercent = reported,
        };

        Assert.Equal(expected, NextPercent(health, TimeSpan.Parse(elapsed, CultureInfo.InvariantCulture)));
    }

    [Fact]
    public void Report_is_not_due_when_only_operational_events_have_failed()
    {
        var health = new SubscriptionHealth { FailingSince = s_since, Failures = 1000 };

        Assert.Null(NextPercent(health, TimeSpan.FromDays(4.9)));
    }

    [Fact]
    public void Report_is_not_due_when_the_subscription_was_deactivated()
    {
        var health = new SubscriptionHealth
        {
            FailingSince = s_since,
            Failures = 9,
            HasFailedEvents = true,
            Reason = "Why.",
        };

        Assert.Null(NextPercent(health, TimeSpan.FromDays(4.9)));
    }

    [Fact]
    public void Report_is_not_due_when_nothing_fails()
    {
        Assert.Null(NextPercent(SubscriptionHealth.Healthy with { HasFailedEvents = true }, TimeSpan.FromDays(4.9)));
    }

    [Fact]
    public void Only_failures_count_when_the_time_to_deactivation_is_zero()
    {
        var health = new SubscriptionHealth
        {
            FailingSince = s_since,
            Failures = 5,
            HasFailedEvents = true,
        };

        Assert.Equal(50, FailingReportPolicy.NextPercent(health, s_since, new DeliveriesOptions { DeactivateAfter = TimeSpan.Zero }));
    }

    private static int? NextPercent(SubscriptionHealth health, TimeSpan elapsed) =>
        FailingReportPolicy.NextPercent(health, s_since + elapsed, new DeliveriesOptions());
}
