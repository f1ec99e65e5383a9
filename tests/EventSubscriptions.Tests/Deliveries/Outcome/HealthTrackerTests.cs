using EventSubscriptions.Deliveries.Outcome;
using EventSubscriptions.Subscriptions;
using EventSubscriptions.Tests.Storage;
using Microsoft.Extensions.Logging;

namespace EventSubscriptions.Tests.Deliveries.Outcome;

public sealed class HealthTrackerOnAzuriteTests() : HealthTrackerTests(new AzuriteStores());

public sealed class HealthTrackerOnLocalStoresTests() : HealthTrackerTests(new LocalStores());

public abstract class HealthTrackerTests(ITableStores stores) : HealthTrackerTestBase(stores)
{
    [Fact]
    public async Task Subscription_is_healthy_and_has_no_row_when_nothing_has_failed()
    {
        await TrackAsync(s_delivered);

        Assert.Equal(SubscriptionHealth.Healthy, await HealthAsync());
    }

    [Fact]
    public async Task Subscription_is_failing_from_its_first_failure_until_a_success()
    {
        var since = _clock.GetUtcNow();
        await TrackAsync(s_failed);
        Assert.Equal((since, 1), await FailingAsync());

        _clock.Advance(TimeSpan.FromMinutes(1));
        await TrackAsync(s_failed);
        Assert.Equal((since, 2), await FailingAsync());

        await TrackAsync(s_delivered);
        Assert.Equal((null, 0), await FailingAsync());
    }

    [Fact]
    public async Task Failures_are_counted_and_written_with_a_later_one()
    {
        var since = _clock.GetUtcNow();
        await TrackAsync(s_failed);
        await TrackAsync(s_failed);
        await TrackAsync(s_failed);
        Assert.Equal((since, 1), await FailingAsync());

        await TrackAsync(s_deadLetter);
        Assert.Equal((since, 4), await FailingAsync());
        await TrackAsync(s_failed);
        _clock.Advance(HealthTracker.Freshness);
        await TrackAsync(s_failed);
        Assert.Equal((since, 6), await FailingAsync());
    }

    [Fact]
    public async Task Intermittent_failures_are_logged_once_a_minute()
    {
        for (var i = 0; i < 180; i++)
        {
            await TrackAsync(s_failed);
            await TrackAsync(s_delivered);
            _clock.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.Equal(
            [LogLevel.Warning, LogLevel.Information, LogLevel.Warning, LogLevel.Information, LogLevel.Warning, LogLevel.Information],
            _log.Entries.Select(entry => entry.Level)
        );
    }

    [Fact]
    public async Task Recovery_is_logged_when_another_instance_or_an_earlier_run_logged_the_failures()
    {
        await TrackAsync(s_failed);

        await TrackAsync(s_delivered, NewInstance());

        Assert.Contains("have recovered", _log.Entries[^1].Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Row_is_not_written_again_when_success_follows_success()
    {
        await TrackAsync(s_failed);
        await TrackAsync(s_delivered);
        var version = (await HealthAsync()).ETag;

        await TrackAsync(s_delivered);
        _clock.Advance(TimeSpan.FromHours(1));
        await TrackAsync(s_delivered);

        Assert.Equal(version, (await HealthAsync()).ETag);
    }

    [Fact]
    public async Task Failures_at_the_same_time_are_all_counted()
    {
        await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => Task.Run(() => TrackAsync(s_failed))));
        await TrackAsync(s_deadLetter);

        Assert.Equal(21, (await HealthAsync()).Failures);
    }

    [Fact]
    public async Task Failures_of_several_instances_are_added_up()
    {
        var other = NewInstance();
        await TrackAsync(s_failed);
        await TrackAsync(s_deadLetter, other);
        await TrackAsync(s_deadLetter);
        Assert.Equal(3, (await HealthAsync()).Failures);

        await TrackAsync(s_delivered, other);
        await TrackAsync(s_deadLetter);

        Assert.Equal(1, (await HealthAsync()).Failures);
    }

    [Fact]
    public async Task Success_ends_a_failure_of_another_instance_within_a_minute()
    {
        var other = NewInstance();
        await TrackAsync(s_delivered);
        await TrackAsync(s_failed, other);
        _clock.Advance(HealthTracker.Freshness);

        await TrackAsync(s_delivered);

        Assert.False((await HealthAsync()).IsFailing);
    }

    [Fact]
    public async Task Health_is_deleted_with_its_subscription()
    {
        await TrackAsync(s_failed);

        Assert.True(await _store.DeleteAsync(_subscription, Given.Entry(_subscription), default));

        Assert.Equal(SubscriptionHealth.Healthy, await HealthAsync());
    }
}
