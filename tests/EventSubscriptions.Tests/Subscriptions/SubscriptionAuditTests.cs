using EventSubscriptions.Tests.Storage;

namespace EventSubscriptions.Tests.Subscriptions;

public sealed class SubscriptionAuditOnAzuriteTests() : SubscriptionAuditTests(new AzuriteStores());

public sealed class SubscriptionAuditOnEmbeddedTests() : SubscriptionAuditTests(new LocalStores());

public abstract class SubscriptionAuditTests(ITableStores stores) : SubscriptionFunctionsTestBase(stores)
{
    [Fact]
    public async Task Every_change_is_in_the_audit_log_with_its_actor_and_without_secrets()
    {
        var id = Id(await CreateAsync(Valid));
        _clock.Advance(TimeSpan.FromSeconds(1));
        await PatchAsync(id, """{"name":"newer","token":"another-t0ken","url":"https://example.com/hook?code=0ther"}""");
        _clock.Advance(TimeSpan.FromSeconds(1));
        await PatchAsync(id, """{"isActive":false}""");
        _clock.Advance(TimeSpan.FromSeconds(1));
        await PatchAsync(id, """{"isActive":true}""");
        _clock.Advance(TimeSpan.FromSeconds(1));
        await DeleteAsync(id);

        var entries = await AuditAsync();

        Assert.Equal(
            ["subscription.deleted", "subscription.activated", "subscription.deactivated", "subscription.updated", "subscription.created"],
            entries.Select(entry => entry.GetProperty("type").GetString())
        );
        Assert.All(entries, entry => Assert.Equal("ops", entry.GetProperty("actor").GetString()));
        Assert.All(entries, entry => Assert.Equal(id, entry.GetProperty("subscriptionId").GetString()));
        Assert.Equal(
            """{"name":{"from":"n","to":"newer"},"url":{"from":"https://example.com/hook?code=***","to":"https://example.com/hook?code=***"},"token":{"from":"***","to":"***"}}""",
            entries[3].GetProperty("changes").GetRawText()
        );
        Assert.Equal("""{"isActive":{"from":true,"to":false}}""", entries[2].GetProperty("changes").GetRawText());
        Assert.DoesNotContain(
            entries,
            entry =>
                entry.GetRawText().Contains("t0ken", StringComparison.Ordinal)
                || entry.GetRawText().Contains("s3cret", StringComparison.Ordinal)
        );
    }

    [Fact]
    public async Task Audit_log_filters_by_time_type_and_subscription()
    {
        var first = Id(await CreateAsync(Valid));
        _clock.Advance(TimeSpan.FromSeconds(1));
        var second = Id(await CreateAsync(Valid));
        _clock.Advance(TimeSpan.FromSeconds(1));
        await DeleteAsync(second);

        Assert.Equal([second, second, first], await SubscriptionsAsync(""));
        Assert.Equal([second, first], await SubscriptionsAsync("?type=subscription.created"));
        Assert.Equal([first], await SubscriptionsAsync($"?subscriptionId={first}"));
        Assert.Equal([second], await SubscriptionsAsync("?from=2026-01-31T10:00:01Z&to=2026-01-31T10:00:02Z"));
        Assert.Equal([second, second], await SubscriptionsAsync("?from=2026-01-31T10:00:01Z"));
        Assert.Equal([first], await SubscriptionsAsync("?to=2026-01-31T10:00:01Z"));
        Assert.Equal(400, (await AuditReplyAsync("?type=nonsense")).Status);
        Assert.Equal(400, (await AuditReplyAsync("?subscriptionId=nonsense")).Status);

        async Task<IEnumerable<string?>> SubscriptionsAsync(string query) =>
            (await AuditReplyAsync(query))
                .Json.GetProperty("items")
                .EnumerateArray()
                .Select(entry => entry.GetProperty("subscriptionId").GetString());
    }
}
