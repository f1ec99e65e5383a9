using EventSubscriptions.Audit;
using EventSubscriptions.Deliveries.Outcome;
using EventSubscriptions.Secrets;
using EventSubscriptions.Subscriptions;
using EventSubscriptions.Subscriptions.Authentication;

namespace EventSubscriptions.Tests.Deliveries;

public sealed class DeliverFunctionSubscriptionTests : DeliverFunctionTestBase
{
    [Fact]
    public async Task Subscription_is_deactivated_before_the_message_is_completed_when_the_receiver_returns_410()
    {
        _response = Gone;

        await RunAsync(Delivery());

        Assert.Contains("transaction subscriptions", _steps.Taken);
        Assert.Equal("complete", _steps.Taken[^1]);
        Assert.Empty(_queue.Scheduled);
        Assert.False((await Given.SubscriptionStore(_tables, _clock).GetAsync(_organization, _subscription.Id, default))!.IsActive);
        var attempt = Assert.Single(await AttemptsAsync());
        Assert.Equal((DeliveryOutcome.Gone, 410), (attempt.Outcome, attempt.StatusCode));
        Assert.Null(attempt.NextAttemptAt);
        Assert.Equal(410, Assert.Single(await EntriesAsync()).StatusCode);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Next_attempt_is_immediate_when_url_or_token_changed_before_the_receiver_returned_410(bool changesUrl)
    {
        _response = Gone;
        _beforeResponse = () =>
            ChangeAsync(stored =>
                changesUrl
                    ? stored with
                    {
                        Url = new Uri("http://new.example/"),
                    }
                    : stored with
                    {
                        Authentication = new SubscriptionAuthentication.Bearer(new Secret("another-token")),
                    }
            );

        await RunAsync(Delivery());

        Assert.True((await StoredAsync()).IsActive);
        var (message, at) = Assert.Single(_queue.Scheduled);
        Assert.Equal((2, true), (Parse(message).Attempt, Parse(message).NeedsStored));
        Assert.Equal(_clock.GetUtcNow(), at);
        Assert.Equal("complete", _steps.Taken[^1]);
        var attempt = Assert.Single(await AttemptsAsync());
        Assert.Equal((DeliveryOutcome.Failed, 410, at), (attempt.Outcome, attempt.StatusCode, attempt.NextAttemptAt));
        Assert.Contains("before it was changed", Assert.Single(await EntriesAsync()).Error?.Detail, StringComparison.Ordinal);
        Assert.DoesNotContain(WriteHealth, _steps.Taken);
    }

    [Fact]
    public async Task Delivery_is_dead_lettered_when_the_url_changed_before_the_receiver_returned_410_to_the_last_attempt()
    {
        _response = Gone;
        _beforeResponse = () => ChangeAsync(stored => stored with { Url = new Uri("http://new.example/") });

        await RunAsync(Delivery() with { Attempt = 3 });

        Assert.Equal("RetriesExhausted", _actions.Reason);
        Assert.True((await StoredAsync()).IsActive);
    }

    [Fact]
    public async Task Subscription_is_deactivated_when_only_its_name_changed_before_the_receiver_returned_410()
    {
        _response = Gone;
        _beforeResponse = () => ChangeAsync(stored => stored with { Name = "another" });

        await RunAsync(Delivery());

        Assert.False((await StoredAsync()).IsActive);
        Assert.Equal("another", (await StoredAsync()).Name);
        Assert.Equal(DeliveryOutcome.Gone, Assert.Single(await AttemptsAsync()).Outcome);
        Assert.Empty(_queue.Scheduled);
    }

    [Fact]
    public async Task Stored_subscription_is_used_when_the_cached_one_is_out_of_date()
    {
        await CacheAsync(_subscription with { Url = new Uri("http://127.0.0.1:1/") });
        await ChangeAsync(stored => stored with { Url = _receiver.Url });

        await RunAsync(Delivery() with { NeedsStored = true });

        Assert.Equal(DeliveryOutcome.Delivered, Assert.Single(await AttemptsAsync()).Outcome);
    }

    [Fact]
    public async Task Delivery_is_sent_when_the_cached_subscription_is_inactive_and_the_stored_one_is_active()
    {
        await CacheAsync(_subscription with { IsActive = false });
        await ChangeAsync(stored => stored with { IsActive = true });

        await RunAsync(Delivery());

        Assert.Equal(DeliveryOutcome.Delivered, Assert.Single(await AttemptsAsync()).Outcome);
    }

    [Fact]
    public async Task Delivery_is_sent_when_the_cache_does_not_have_the_new_subscription()
    {
        _cache = new SubscriptionCache(Given.SubscriptionStore(_tables, _clock), _clock);
        Assert.Null(await _cache.GetAsync(_organization, _subscription.Id, default));

        await RunAsync(Delivery());

        Assert.Equal(DeliveryOutcome.Delivered, Assert.Single(await AttemptsAsync()).Outcome);
    }

    /// <summary>Stores a subscription, and a cache that has read it.</summary>
    private async Task CacheAsync(Subscription subscription)
    {
        var store = Given.SubscriptionStore(_tables, _clock);
        await store.AddAsync(subscription, Given.Entry(subscription, AuditType.SubscriptionCreated), default);
        _cache = new SubscriptionCache(store, _clock);
        Assert.NotNull(await _cache.GetAsync(_organization, subscription.Id, default));
    }

    /// <summary>Changes the stored subscription, as another instance does.</summary>
    private async Task ChangeAsync(Func<Subscription, Subscription> change) =>
        Assert.NotNull(await Given.SubscriptionStore(_tables, _clock).UpdateAsync(change(await StoredAsync()), [], health: null, default));

    private async Task<Subscription> StoredAsync() =>
        (await Given.SubscriptionStore(_tables, _clock).GetAsync(_organization, _subscription.Id, default))!;
}
