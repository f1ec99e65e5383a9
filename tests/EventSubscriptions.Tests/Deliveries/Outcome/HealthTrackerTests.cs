using Azure.Data.Tables;
using EventSubscriptions.Audit;
using EventSubscriptions.Deliveries;
using EventSubscriptions.Deliveries.Outcome;
using EventSubscriptions.Destinations;
using EventSubscriptions.Http;
using EventSubscriptions.Organizations;
using EventSubscriptions.Queues;
using EventSubscriptions.Storage;
using EventSubscriptions.Subscriptions;
using EventSubscriptions.Tests.Storage;
using Microsoft.Extensions.Logging.Abstractions;

namespace EventSubscriptions.Tests.Deliveries.Outcome;

public sealed class HealthTrackerOnAzuriteTests() : HealthTrackerTests(new AzuriteStores());

public sealed class HealthTrackerOnLocalStoresTests() : HealthTrackerTests(new LocalStores());

public abstract class HealthTrackerTests(ITableStores stores) : IAsyncLifetime
{
    private static readonly DeliveryError s_error = new(ErrorKind.Status, "The receiver returned 500 Internal Server Error.");
    private static readonly DeliveryDecision s_delivered = new DeliveryDecision.Delivered();
    private static readonly DeliveryDecision s_failed = new DeliveryDecision.Retry(default, s_error);
    private static readonly DeliveryDecision s_givenUp = new DeliveryDecision.DeadLetter(
        DeadLetterReason.RetriesExhausted,
        "Why.",
        s_error
    );
    private static readonly DeliveryDecision.Gone s_gone = new DeliveryDecision.Gone(
        new(ErrorKind.Status, "The receiver returned 410 Gone.")
    );

    private readonly TestClock _clock = new(new DateTimeOffset(2026, 1, 31, 10, 0, 0, TimeSpan.Zero));
    private readonly OrganizationId _organization = Given.Organization();
    private TableServiceClient _tables = null!;
    private SubscriptionStore _store = null!;
    private SubscriptionHealthStore _healths = null!;
    private HealthTracker _app = null!;
    private Subscription _subscription = null!;

    public async Task InitializeAsync()
    {
        _tables = await stores.ConnectAsync();
        _store = Given.SubscriptionStore(_tables, _clock);
        _healths = new SubscriptionHealthStore(_tables);
        _app = NewInstance();
        var subscription = Given.Subscription(_organization, _clock);
        _subscription = await _store.AddAsync(subscription, Given.Entry(subscription, AuditType.SubscriptionCreated), default);
    }

    public Task DisposeAsync() => Task.CompletedTask;

    [Fact]
    public async Task Subscription_is_healthy_and_has_no_row_when_nothing_has_failed()
    {
        await NoteAsync(s_delivered);

        Assert.Equal(SubscriptionHealth.Healthy, await HealthAsync());
    }

    [Fact]
    public async Task Subscription_is_failing_from_its_first_failure_until_a_success()
    {
        var since = _clock.GetUtcNow();
        await NoteAsync(s_failed);
        Assert.Equal((since, 1), await FailingAsync());

        _clock.Advance(TimeSpan.FromMinutes(1));
        await NoteAsync(s_failed);
        Assert.Equal((since, 2), await FailingAsync());

        await NoteAsync(s_delivered);
        Assert.Equal((null, 0), await FailingAsync());
    }

    [Fact]
    public async Task Failures_in_between_are_counted_and_written_with_a_later_one()
    {
        var since = _clock.GetUtcNow();
        await NoteAsync(s_failed);
        await NoteAsync(s_failed);
        await NoteAsync(s_failed);
        Assert.Equal((since, 1), await FailingAsync());

        await NoteAsync(s_givenUp);
        Assert.Equal((since, 4), await FailingAsync());
        await NoteAsync(s_failed);
        _clock.Advance(HealthTracker.Freshness);
        await NoteAsync(s_failed);
        Assert.Equal((since, 6), await FailingAsync());
    }

    [Fact]
    public async Task Row_is_not_written_again_when_success_follows_success()
    {
        await NoteAsync(s_failed);
        await NoteAsync(s_delivered);
        var version = (await HealthAsync()).ETag;

        await NoteAsync(s_delivered);
        _clock.Advance(TimeSpan.FromHours(1));
        await NoteAsync(s_delivered);

        Assert.Equal(version, (await HealthAsync()).ETag);
    }

    [Fact]
    public async Task Failures_at_the_same_time_are_all_counted()
    {
        await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => Task.Run(() => NoteAsync(s_failed))));
        await NoteAsync(s_givenUp);

        Assert.Equal(21, (await HealthAsync()).Failures);
    }

    [Fact]
    public async Task Instances_count_on_top_of_each_other()
    {
        var other = NewInstance();
        await NoteAsync(s_failed);
        await NoteAsync(s_givenUp, other);
        await NoteAsync(s_givenUp);
        Assert.Equal(3, (await HealthAsync()).Failures);

        await NoteAsync(s_delivered, other);
        await NoteAsync(s_givenUp);

        Assert.Equal(1, (await HealthAsync()).Failures);
    }

    [Fact]
    public async Task Success_is_noticed_within_a_minute_when_another_instance_saw_a_failure()
    {
        var other = NewInstance();
        await NoteAsync(s_delivered);
        await NoteAsync(s_failed, other);
        _clock.Advance(HealthTracker.Freshness);

        await NoteAsync(s_delivered);

        Assert.False((await HealthAsync()).IsFailing);
    }

    [Fact]
    public async Task Subscription_is_deactivated_with_a_reason_when_everything_has_failed_for_5_days()
    {
        await FailAsync(times: 10, over: TimeSpan.FromDays(5) - TimeSpan.FromSeconds(1));
        Assert.True((await SubscriptionAsync()).IsActive);
        _clock.Advance(TimeSpan.FromSeconds(1));

        await NoteAsync(s_failed);

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
    public async Task Subscription_stays_active_when_it_has_failed_for_long_and_less_than_10_times()
    {
        await FailAsync(times: 8, over: TimeSpan.FromDays(30));
        await NoteAsync(s_failed);

        Assert.True((await SubscriptionAsync()).IsActive);
    }

    [Fact]
    public async Task Subscription_stays_active_when_one_delivery_in_between_has_arrived()
    {
        await FailAsync(times: 10, over: TimeSpan.FromDays(4));
        await NoteAsync(s_delivered);
        await FailAsync(times: 10, over: TimeSpan.FromDays(4));

        Assert.True((await SubscriptionAsync()).IsActive);
    }

    [Fact]
    public async Task Subscription_stays_active_when_another_instance_has_seen_a_success()
    {
        await FailAsync(times: 10, over: TimeSpan.FromDays(5) - TimeSpan.FromSeconds(1));
        await NoteAsync(s_delivered, NewInstance());
        _clock.Advance(TimeSpan.FromSeconds(1));

        await NoteAsync(s_failed);

        Assert.True((await SubscriptionAsync()).IsActive);
        Assert.Empty(await DeactivationsAsync());
    }

    [Fact]
    public async Task Activation_clears_the_health_for_every_instance()
    {
        var other = NewInstance();
        await NoteAsync(s_failed, other);
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
        await NoteAsync(s_failed, other);
        await NoteAsync(s_givenUp);
        Assert.Equal((_clock.GetUtcNow(), 2), await FailingAsync());
        Assert.True((await SubscriptionAsync()).IsActive);
    }

    [Fact]
    public async Task Subscription_is_deactivated_once_when_its_receiver_is_gone()
    {
        Assert.All(await Task.WhenAll(NoteGoneAsync(), NoteGoneAsync(), NoteGoneAsync(NewInstance())), Assert.True);

        Assert.False((await SubscriptionAsync()).IsActive);
        Assert.Equal("The receiver returned 410 Gone.", (await HealthAsync()).Reason);
        var entry = Assert.Single(await DeactivationsAsync());
        Assert.Equal(("gone", "The receiver returned 410 Gone."), (entry.Error?.Kind, entry.Error?.Detail));
        Assert.NotEmpty(entry.Error!.Hint!);
    }

    [Fact]
    public async Task Subscription_stays_active_when_it_was_changed_since_the_receiver_was_asked()
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

        Assert.False(await NoteGoneAsync());

        Assert.True((await SubscriptionAsync()).IsActive);
        Assert.Null((await HealthAsync()).Reason);
        Assert.Empty(await DeactivationsAsync());
    }

    [Fact]
    public async Task Health_goes_with_its_subscription()
    {
        await NoteAsync(s_failed);

        Assert.True(await _store.DeleteAsync(_subscription, Given.Entry(_subscription), default));

        Assert.Equal(SubscriptionHealth.Healthy, await HealthAsync());
    }

    private async Task FailAsync(int times, TimeSpan over)
    {
        for (var i = 0; i < times; i++)
        {
            await NoteAsync(s_failed);
            _clock.Advance(i == times - 1 ? TimeSpan.Zero : over / (times - 1));
        }
    }

    private Task NoteAsync(DeliveryDecision decision, HealthTracker? instance = null) =>
        (instance ?? _app).TrackAsync(_subscription, decision, _clock.GetUtcNow(), default);

    private Task<bool> NoteGoneAsync(HealthTracker? instance = null) =>
        (instance ?? _app).TryDeactivateGoneAsync(_subscription, s_gone, _clock.GetUtcNow(), default);

    private HealthTracker NewInstance()
    {
        var editor = new SubscriptionEditor(_store, new SubscriptionCache(_store, _clock), _clock);
        return new HealthTracker(
            _healths,
            editor,
            new ShortRetry(_clock),
            new DeliveriesOptions(),
            _clock,
            NullLogger<HealthTracker>.Instance
        );
    }

    private Task<SubscriptionHealth> HealthAsync() => _healths.GetAsync(_organization, _subscription.Id, default);

    private async Task<(DateTimeOffset? Since, int Failures)> FailingAsync()
    {
        var health = await HealthAsync();
        return (health.FailingSince, health.Failures);
    }

    private async Task<Subscription> SubscriptionAsync() => (await _store.GetAsync(_organization, _subscription.Id, default))!;

    private async Task<IReadOnlyList<AuditEntryResponse>> DeactivationsAsync()
    {
        var filter = new AuditFilter(new TimeRange(null, null), AuditType.SubscriptionDeactivated, null);
        return (await new AuditLog(_tables, _clock).ListAsync(_organization, filter, new PageRequest("test", 100, null), default)).Items;
    }
}
