using System.Text;
using EventSubscriptions.Deliveries.Outcome;
using EventSubscriptions.Storage;
using EventSubscriptions.Subscriptions;
using EventSubscriptions.Tests.Storage;
using Microsoft.Extensions.Logging.Abstractions;

namespace EventSubscriptions.Tests.Deliveries.Outcome;

public sealed class HealthReportOnAzuriteTests() : HealthReportTests(new AzuriteStores());

public sealed class HealthReportOnLocalStoresTests() : HealthReportTests(new LocalStores());

/// <summary>The operational events about the health of a subscription.</summary>
public abstract class HealthReportTests(ITableStores stores) : HealthTrackerTestBase(stores)
{
    private const string Operational = "RelayPollFailingEvent";
    private const string Failing = "SubscriptionFailingEvent";
    private const string Recovered = "SubscriptionRecoveredEvent";
    private const string Deactivated = "SubscriptionDeactivatedEvent";

    [Fact]
    public async Task Failing_is_reported_at_each_threshold_and_then_the_deactivation()
    {
        var since = _clock.GetUtcNow();
        for (var hour = 0; hour <= 5 * 24; hour++)
        {
            await TrackAsync(s_failed);
            _clock.Advance(TimeSpan.FromHours(1));
        }

        var id = $"sys_{_subscription.Id}_{since.ToUnixTimeMilliseconds()}";
        Assert.Equal(
            [$"{id}_0", $"{id}_50", $"{id}_70", $"{id}_90", $"{id}_deactivated"],
            _published.All.Select(item => item.Id.ToString())
        );
        Assert.Equal([Failing, Failing, Failing, Failing, Deactivated], _published.Names);
        Assert.All(_published.All, item => Assert.Equal(_organization, item.Organization));
    }

    [Fact]
    public async Task Report_says_what_fails_and_when_it_will_be_deactivated_without_secrets()
    {
        await FailForAWhileAsync();

        Assert.Equal(
            $$"""
            {"subscriptionId":"{{_subscription.Id}}","subscriptionName":"name","url":"https://example.com/hook?code=***","failingSince":"2026-01-31T10:00:00Z","failures":3,"percent":0,"deactivatesAt":"2026-02-05T10:00:00Z","deactivatesAfterFailures":10,"errorKind":"status","errorDetail":"The receiver returned 500 Internal Server Error.","errorHint":"The receiver, or a proxy in front of it, failed: check its logs at this time."}
            """,
            _published.LastData.GetRawText()
        );
    }

    [Fact]
    public async Task Recovery_is_reported_only_after_failing_was()
    {
        await TrackAsync(s_failed);
        await TrackAsync(s_delivered);
        Assert.Empty(_published.All);

        await FailForAWhileAsync();
        await TrackAsync(s_delivered);
        await TrackAsync(s_delivered);

        Assert.Equal([Failing, Recovered], _published.Names);
        Assert.Equal(3, _published.LastData.GetProperty("failures").GetInt32());
        Assert.Equal("2026-01-31T10:15:00Z", _published.LastData.GetProperty("recoveredAt").GetString());
    }

    [Fact]
    public async Task Instances_report_once_together()
    {
        var other = NewInstance();
        await TrackAsync(s_failed);
        await TrackAsync(s_deadLetter, other);
        _clock.Advance(TimeSpan.FromMinutes(15));

        await Task.WhenAll(Enumerable.Range(0, 4).Select(i => TrackAsync(s_failed, i % 2 == 0 ? _app : other)));
        await Task.WhenAll(TrackAsync(s_delivered), TrackAsync(s_delivered, other));

        Assert.Equal([Failing, Recovered], _published.Names.Distinct(StringComparer.Ordinal));
        Assert.Equal(2, _published.All.DistinctBy(item => item.Id).Count());
        Assert.Equal(2, _published.All.DistinctBy(item => Encoding.UTF8.GetString(item.Payload.Span)).Count());
    }

    [Fact]
    public async Task Report_is_published_after_a_restart_when_it_could_not_be_published()
    {
        _published.IsDown = true;
        await FailForAWhileAsync();
        Assert.NotNull((await HealthAsync()).Outbox);
        _published.IsDown = false;

        await TrackAsync(s_delivered, NewInstance());

        Assert.Equal([Failing, Recovered], _published.Names);
        Assert.Null((await HealthAsync()).Outbox);
    }

    [Fact]
    public async Task Deactivation_is_published_at_once_when_the_subscription_was_healthy()
    {
        await TrackAsync(s_delivered);

        await _app.TryDeactivateGoneAsync(_subscription, Attempt(s_gone), default);

        Assert.Equal([Deactivated], _published.Names);
    }

    [Fact]
    public async Task Deactivation_is_published_with_a_skipped_delivery_when_it_could_not_be_published()
    {
        _published.IsDown = true;
        await _app.TryDeactivateGoneAsync(_subscription, Attempt(s_gone), default);
        _published.IsDown = false;
        var deactivated = (await _store.GetAsync(_organization, _subscription.Id, default))!;
        var other = NewInstance();

        await other.PublishPendingAsync(deactivated, default);
        await other.PublishPendingAsync(deactivated, default);

        Assert.Equal([Deactivated], _published.Names);
        Assert.Equal("The receiver returned 410 Gone.", _published.LastData.GetProperty("reason").GetString());
        Assert.Null((await HealthAsync()).Outbox);
        Assert.Equal("The receiver returned 410 Gone.", (await HealthAsync()).Reason);
    }

    [Fact]
    public async Task Nothing_is_reported_when_only_operational_events_fail()
    {
        for (var hour = 0; hour <= 5 * 24; hour++)
        {
            await TrackAsync(s_failed, eventName: Operational);
            _clock.Advance(TimeSpan.FromHours(1));
        }

        Assert.NotNull((await HealthAsync()).Reason);
        Assert.Empty(_published.All);
    }

    [Fact]
    public async Task Nothing_is_reported_when_an_operational_event_gets_a_410()
    {
        Assert.True(await _app.TryDeactivateGoneAsync(_subscription, Attempt(s_gone, Operational), default));

        Assert.NotNull((await HealthAsync()).Reason);
        Assert.Empty(_published.All);
    }

    [Fact]
    public async Task Failures_of_operational_events_count_when_another_event_has_failed()
    {
        await TrackAsync(s_failed, eventName: Operational);
        await TrackAsync(s_failed);
        _clock.Advance(TimeSpan.FromMinutes(15));

        await TrackAsync(s_failed, eventName: Operational);

        Assert.Equal([Failing], _published.Names);
    }

    [Fact]
    public async Task Success_of_a_healthy_subscription_publishes_and_writes_nothing()
    {
        await TrackAsync(s_delivered);
        await TrackAsync(s_delivered);

        Assert.Equal(SubscriptionHealth.Healthy, await HealthAsync());
        Assert.Equal(0, _published.Calls);
    }

    [Fact]
    public async Task Watch_reports_when_no_attempt_is_made()
    {
        var (watch, app) = Watched();
        await TrackAsync(s_failed, app);
        await TrackAsync(s_failed, app);
        await TrackAsync(s_failed, app);
        await watch.ReviewAsync(default);
        Assert.Empty(_published.All);
        _clock.Advance(TimeSpan.FromMinutes(15));

        await watch.ReviewAsync(default);
        await watch.ReviewAsync(default);

        Assert.Equal([Failing], _published.Names);
        Assert.Equal((3, "status"), (_published.LastData.GetProperty("failures").GetInt32(), Text("errorKind")));
        await TrackAsync(s_failed, app);
        Assert.Equal([Failing], _published.Names);
    }

    [Fact]
    public async Task Watch_publishes_what_could_not_be_published()
    {
        var (watch, app) = Watched();
        _published.IsDown = true;
        await app.TryDeactivateGoneAsync(_subscription, Attempt(s_gone), default);
        await watch.ReviewAsync(default);
        Assert.Empty(_published.All);
        _published.IsDown = false;

        await watch.ReviewAsync(default);
        await watch.ReviewAsync(default);

        Assert.Equal([Deactivated], _published.Names);
    }

    [Fact]
    public async Task Watch_reports_nothing_when_the_subscription_was_deactivated_or_deleted()
    {
        var (watch, app) = Watched();
        await TrackAsync(s_failed, app);
        await TrackAsync(s_failed, app);
        await TrackAsync(s_failed, app);
        _clock.Advance(TimeSpan.FromMinutes(15));
        var inactive = await _store.UpdateAsync(_subscription with { IsActive = false }, [Given.Entry(_subscription)], null, default);

        await watch.ReviewAsync(default);
        await _store.DeleteAsync(inactive!, Given.Entry(_subscription), default);
        _clock.Advance(SubscriptionCache.Lifetime);
        await watch.ReviewAsync(default);

        Assert.Empty(_published.All);
    }

    private string? Text(string member) => _published.LastData.GetProperty(member).GetString();

    /// <summary>Three failures, the last of them after 15 minutes.</summary>
    private async Task FailForAWhileAsync()
    {
        await TrackAsync(s_failed);
        await TrackAsync(s_failed);
        _clock.Advance(TimeSpan.FromMinutes(15));
        await TrackAsync(s_failed);
    }

    private (HealthWatch Watch, HealthTracker App) Watched()
    {
        var entries = new HealthEntries(_healths, _clock);
        var subscriptions = new SubscriptionCache(_store, _clock);
        var reporter = new HealthReporter(_healths, _published, _options);
        var deadLetters = new DeadLetterReports(
            _healths,
            subscriptions,
            reporter,
            new ShortRetry(_clock),
            _clock,
            NullLogger<DeadLetterReports>.Instance
        );
        var watch = new HealthWatch(
            entries,
            _healths,
            subscriptions,
            reporter,
            deadLetters,
            _options,
            _clock,
            NullLogger<HealthWatch>.Instance
        );
        return (watch, NewInstance(entries));
    }
}
