using EventSubscriptions.Audit;
using EventSubscriptions.Deliveries.Outcome;
using EventSubscriptions.Http;
using EventSubscriptions.Storage;
using EventSubscriptions.Subscriptions;
using EventSubscriptions.Tests.Storage;

namespace EventSubscriptions.Tests.Deliveries.Outcome;

public sealed class HealthDeactivationOnAzuriteTests() : HealthDeactivationTests(new AzuriteStores());

public sealed class HealthDeactivationOnEmbeddedTests() : HealthDeactivationTests(new LocalStores());

public abstract class HealthDeactivationTests(ITableStores stores) : HealthTrackerTestBase(stores)
{
    [Fact]
    public async Task Subscription_is_deactivated_with_a_reason_when_everything_has_failed_for_5_days()
    {
        await FailAsync(times: 10, over: TimeSpan.FromDays(5) - TimeSpan.FromSeconds(1));
        Assert.True((await SubscriptionAsync()).IsActive);
        _clock.Advance(TimeSpan.FromSeconds(1));

        await TrackAsync(s_failed);

        Assert.False((await SubscriptionAsync()).IsActive);
        const string Reason = "Every delivery has failed since 2026-01-31 10:00:00Z, 11 times.";
        var health = await HealthAsync();
        Assert.Equal((Reason, 11), (health.Reason, health.Failures));
        var entry = Assert.Single(await DeactivationsAsync());
        Assert.Equal(("failing", Reason), (entry.Error?.Kind, entry.Error?.Detail));
        Assert.NotEmpty(entry.Error!.Hint!);
        Assert.Null(entry.Actor);
        Assert.Equal("""{"isActive":{"from":true,"to":false}}""", entry.Changes?.GetRawText());
    }

    [Fact]
    public async Task Subscription_stays_active_when_it_has_failed_for_days_but_less_than_10_times()
    {
        await FailAsync(times: 8, over: TimeSpan.FromDays(30));
        await TrackAsync(s_failed);

        Assert.True((await SubscriptionAsync()).IsActive);
    }

    [Fact]
    public async Task Subscription_stays_active_when_one_delivery_succeeded_in_between()
    {
        await FailAsync(times: 10, over: TimeSpan.FromDays(4));
        await TrackAsync(s_delivered);
        await FailAsync(times: 10, over: TimeSpan.FromDays(4));

        Assert.True((await SubscriptionAsync()).IsActive);
    }

    [Fact]
    public async Task Subscription_stays_active_when_another_instance_has_seen_a_success()
    {
        await FailAsync(times: 10, over: TimeSpan.FromDays(5) - TimeSpan.FromSeconds(1));
        await TrackAsync(s_delivered, NewInstance());
        _clock.Advance(TimeSpan.FromSeconds(1));

        await TrackAsync(s_failed);

        Assert.True((await SubscriptionAsync()).IsActive);
        Assert.Empty(await DeactivationsAsync());
    }

    [Fact]
    public async Task Activation_clears_the_health_for_every_instance()
    {
        var other = NewInstance();
        await TrackAsync(s_failed, other);
        await FailAsync(times: 12, over: TimeSpan.FromDays(6));
        Assert.False((await SubscriptionAsync()).IsActive);

        _subscription = (
            await _store.UpdateAsync(
                await SubscriptionAsync() with
                {
                    IsActive = true,
                },
                [Given.Entry(_subscription)],
                SubscriptionHealth.Healthy,
                default
            )
        )!;

        Assert.Equal(SubscriptionHealth.Healthy with { ETag = (await HealthAsync()).ETag }, await HealthAsync());
        await TrackAsync(s_failed, other);
        await TrackAsync(s_deadLetter);
        Assert.Equal((_clock.GetUtcNow(), 2), await FailingAsync());
        Assert.True((await SubscriptionAsync()).IsActive);
    }

    [Fact]
    public async Task Subscription_is_deactivated_once_when_its_receiver_returns_410()
    {
        Assert.All(await Task.WhenAll(DeactivateGoneAsync(), DeactivateGoneAsync(), DeactivateGoneAsync(NewInstance())), Assert.True);

        Assert.False((await SubscriptionAsync()).IsActive);
        Assert.Equal("The receiver returned 410 Gone.", (await HealthAsync()).Reason);
        var entry = Assert.Single(await DeactivationsAsync());
        Assert.Equal(("gone", "The receiver returned 410 Gone."), (entry.Error?.Kind, entry.Error?.Detail));
        Assert.NotEmpty(entry.Error!.Hint!);
    }

    [Fact]
    public async Task Subscription_stays_active_when_it_was_changed_before_the_receiver_returned_410()
    {
        await _store.UpdateAsync(
            _subscription with
            {
                Url = new Uri("https://new.example/"),
            },
            [Given.Entry(_subscription)],
            health: null,
            default
        );

        Assert.False(await DeactivateGoneAsync());

        Assert.True((await SubscriptionAsync()).IsActive);
        Assert.Null((await HealthAsync()).Reason);
        Assert.Empty(await DeactivationsAsync());
    }

    private async Task FailAsync(int times, TimeSpan over)
    {
        for (var i = 0; i < times; i++)
        {
            await TrackAsync(s_failed);
            _clock.Advance(i == times - 1 ? TimeSpan.Zero : over / (times - 1));
        }
    }

    private Task<bool> DeactivateGoneAsync(HealthTracker? instance = null) =>
        (instance ?? _app).TryDeactivateGoneAsync(_subscription, Attempt(s_gone), default);

    private async Task<IReadOnlyList<AuditEntryResponse>> DeactivationsAsync()
    {
        var filter = new AuditFilter(new TimeRange(null, null), AuditType.SubscriptionDeactivated, null);
        return (await new AuditLog(_tables, _clock).ListAsync(_organization, filter, new PageRequest("test", 100, null), default)).Items;
    }

    private async Task<Subscription> SubscriptionAsync() => (await _store.GetAsync(_organization, _subscription.Id, default))!;
}
