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
            entries.Select(entry => entry.Type)
        );
        Assert.All(entries, entry => Assert.Equal(("ops", id), (entry.Actor, entry.SubscriptionId)));
        Assert.Equal(
            """{"name":{"from":"n","to":"newer"},"url":{"from":"https://example.com/hook?code=***","to":"https://example.com/hook?code=***"},"token":{"from":"***","to":"***"}}""",
            ClientJson.Write(entries[3].Changes!)
        );
        Assert.Equal("""{"isActive":{"from":true,"to":false}}""", ClientJson.Write(entries[2].Changes!));
        var log = (await AuditReplyAsync("")).Body;
        Assert.DoesNotContain("t0ken", log, StringComparison.Ordinal);
        Assert.DoesNotContain("s3cret", log, StringComparison.Ordinal);
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
            (await AuditReplyAsync(query)).Read<PageResult<AuditLogEntry>>().Items.Select(entry => entry.SubscriptionId);
    }
}
