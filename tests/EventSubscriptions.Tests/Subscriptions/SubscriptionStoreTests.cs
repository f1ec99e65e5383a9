using System.Text;
using Azure.Data.Tables;
using EventSubscriptions.Audit;
using EventSubscriptions.Events;
using EventSubscriptions.Http;
using EventSubscriptions.Organizations;
using EventSubscriptions.Storage;
using EventSubscriptions.Subscriptions;
using EventSubscriptions.Tests.Storage;

namespace EventSubscriptions.Tests.Subscriptions;

public sealed class SubscriptionStoreOnLocalStoresTests() : SubscriptionStoreTests(new LocalStores());

public sealed class SubscriptionStoreOnAzuriteTests() : SubscriptionStoreTests(new AzuriteStores());

public abstract class SubscriptionStoreTests(ITableStores stores)
{
    private readonly TestClock _clock = new(new DateTimeOffset(2026, 1, 31, 10, 0, 0, TimeSpan.Zero));
    private readonly OrganizationId _organization = Given.Organization();

    [Fact]
    public async Task Subscription_round_trips()
    {
        var store = await StoreAsync();
        var subscription = Given.Subscription(_organization, _clock, "A", "B") with
        {
            Description = "d",
            RateLimitPerSecond = 7,
            IsActive = false,
        };

        var added = await store.AddAsync(subscription, Given.Entry(subscription), default);
        var read = await store.GetAsync(_organization, subscription.Id, default);

        Assert.NotNull(read);
        Assert.Equal(added.ETag, read.ETag);
        Assert.NotEqual(default, read.ETag);
        Assert.Equal(["A", "B"], read.Events);
        Assert.Equal(subscription.SigningSecrets.ToBytes(), read.SigningSecrets.ToBytes());
        Assert.Equal(subscription with { ETag = read.ETag, Events = read.Events, SigningSecrets = read.SigningSecrets }, read);
    }

    [Fact]
    public async Task Url_is_encrypted_because_its_query_may_hold_credentials()
    {
        var tables = await stores.ConnectAsync();
        var store = Given.SubscriptionStore(tables, _clock);
        var subscription = await AddAsync(
            store,
            Given.Subscription(_organization, _clock) with
            {
                Url = new Uri("https://example.com/in?key=s3cret-of-some-length"),
            }
        );
        var table = tables.GetTableClient(TableNames.Subscriptions);

        var row = (await table.GetEntityAsync<TableEntity>($"{_organization}", $"s:{subscription.Id}")).Value;

        Assert.DoesNotContain("s3cret", Encoding.Latin1.GetString(row.GetBinary("url")), StringComparison.Ordinal);

        // As version 0.1 wrote it.
        row["url"] = "https://example.com/old?key=1";
        await table.UpdateEntityAsync(row, row.ETag, TableUpdateMode.Replace);
        Assert.Equal("https://example.com/old?key=1", (await store.GetAsync(_organization, subscription.Id, default))!.Url.OriginalString);
    }

    [Fact]
    public async Task Optional_fields_are_removed_when_they_are_cleared()
    {
        var store = await StoreAsync();
        var added = await AddAsync(store, Given.Subscription(_organization, _clock) with { Description = "d", RateLimitPerSecond = 7 });

        await store.UpdateAsync(added with { Description = null, RateLimitPerSecond = null }, [Given.Entry(added)], health: null, default);

        var read = await store.GetAsync(_organization, added.Id, default);
        Assert.Null(read!.Description);
        Assert.Null(read.RateLimitPerSecond);
    }

    [Fact]
    public async Task Subscription_of_another_organization_is_not_found()
    {
        var store = await StoreAsync();
        var added = await AddAsync(store, Given.Subscription(_organization, _clock));

        Assert.Null(await store.GetAsync(Given.Organization(), added.Id, default));
        Assert.Null(await store.GetAsync(_organization, SubscriptionId.New(_clock), default));
    }

    [Fact]
    public async Task Subscription_of_an_older_version_has_no_signing_secrets_until_the_first_rotation()
    {
        var tables = await stores.ConnectAsync();
        var store = Given.SubscriptionStore(tables, _clock);
        var added = await AddAsync(store, Given.Subscription(_organization, _clock));
        var table = tables.GetTableClient(TableNames.Subscriptions);
        var row = (await table.GetEntityIfExistsAsync<TableEntity>(_organization.ToString(), $"s:{added.Id}")).Value!;
        row.Remove("signingSecrets");
        await table.UpdateEntityAsync(row, row.ETag, TableUpdateMode.Replace);

        var read = (await store.GetAsync(_organization, added.Id, default))!;
        Assert.True(read.SigningSecrets.All.IsEmpty);
        read = (await store.UpdateAsync(read with { Name = "newer" }, [Given.Entry(added)], health: null, default))!;
        await store.UpdateAsync(
            read with
            {
                SigningSecrets = read.SigningSecrets.Rotate(_clock.GetUtcNow(), TimeSpan.FromDays(1)),
            },
            [Given.Entry(added)],
            health: null,
            default
        );

        Assert.Equal(1, (await store.GetAsync(_organization, added.Id, default))!.SigningSecrets.All.Length);
    }

    [Fact]
    public async Task Token_is_not_in_the_row_in_the_clear()
    {
        var tables = await stores.ConnectAsync();
        var added = await AddAsync(Given.SubscriptionStore(tables, _clock), Given.Subscription(_organization, _clock));

        var row = await tables
            .GetTableClient(TableNames.Subscriptions)
            .GetEntityIfExistsAsync<TableEntity>(_organization.ToString(), $"s:{added.Id}");

        Assert.Equal(-1, row.Value!.GetBinary("token").AsSpan().IndexOf("t0ken"u8));
        Assert.Equal(-1, row.Value!.GetBinary("signingSecrets").AsSpan().IndexOf(added.SigningSecrets.Current.Key));
        Assert.DoesNotContain(row.Value!, cell => cell.Value is string text && text.Contains("t0ken", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Change_is_refused_when_another_was_made_first()
    {
        var store = await StoreAsync();
        var added = await AddAsync(store, Given.Subscription(_organization, _clock));

        var changed = await store.UpdateAsync(added with { Name = "first" }, [Given.Entry(added)], health: null, default);

        Assert.Null(await store.UpdateAsync(added with { Name = "second" }, [Given.Entry(added)], health: null, default));
        Assert.False(await store.DeleteAsync(added, Given.Entry(added), default));
        Assert.Equal("first", (await store.GetAsync(_organization, added.Id, default))!.Name);
        Assert.NotEqual(added.ETag, changed!.ETag);
        Assert.True(await store.DeleteAsync(changed, Given.Entry(added), default));
        Assert.Null(await store.GetAsync(_organization, added.Id, default));
        Assert.Null(await store.UpdateAsync(changed, [Given.Entry(added)], health: null, default));
    }

    [Fact]
    public async Task Refused_change_leaves_no_audit_entry()
    {
        var store = await StoreAsync();
        var added = await AddAsync(store, Given.Subscription(_organization, _clock));
        await store.UpdateAsync(added with { Name = "first" }, [Given.Entry(added)], health: null, default);

        await store.UpdateAsync(added with { Name = "second" }, [Given.Entry(added)], health: null, default);

        Assert.Equal(2, (await EntriesAsync()).Count);
    }

    [Fact]
    public async Task Audit_entry_that_was_left_behind_is_moved_once()
    {
        var tables = await stores.ConnectAsync();
        var store = Given.SubscriptionStore(tables, _clock);
        await AddAsync(store, Given.Subscription(_organization, _clock));
        var entry = Assert.Single(await EntriesAsync());
        var left = new TableEntity(_organization.ToString(), $"a:{InvertedTicks.Format(_clock.GetUtcNow())}:0123456789abcdefghijklmnop")
        {
            ["type"] = "subscription.deleted",
            ["actor"] = "somebody",
        };
        await tables.GetTableClient(TableNames.Subscriptions).AddEntityAsync(left);

        await store.DrainAsync(_organization, default);
        await store.DrainAsync(_organization, default);

        var moved = Assert.Single(await EntriesAsync(), other => other.Id != entry.Id);
        Assert.Equal("aud_0123456789abcdefghijklmnop", moved.Id);
        Assert.Equal("subscription.deleted", moved.Type);
        Assert.False(
            (
                await tables.GetTableClient(TableNames.Subscriptions).GetEntityIfExistsAsync<TableEntity>(left.PartitionKey, left.RowKey)
            ).HasValue
        );
    }

    [Fact]
    public async Task List_is_oldest_first_and_pages_through_what_a_filter_accepts()
    {
        var store = await StoreAsync();
        var added = new List<Subscription>();
        for (var i = 0; i < 7; i++)
        {
            _clock.Advance(TimeSpan.FromMilliseconds(1));
            added.Add(await AddAsync(store, Given.Subscription(_organization, _clock) with { IsActive = i % 2 == 0 }));
        }

        Assert.Equal(added.Select(one => one.Id), await ListAsync(store, 3, _ => true));
        Assert.Equal(added.Where(one => one.IsActive).Select(one => one.Id), await ListAsync(store, 2, one => one.IsActive));
        Assert.Equal(added.Select(one => one.Id), await ListAsync(store, 7, _ => true));
        Assert.Empty(await ListAsync(store, 2, _ => false));
    }

    [Fact]
    public async Task Index_follows_every_change_at_once()
    {
        var store = await StoreAsync();
        var index = new SubscriptionIndex(store, _clock);
        Assert.Empty(await MatchingAsync("A"));

        var added = await AddAsync(store, Given.Subscription(_organization, _clock, "A"));
        Assert.Equal([added.Id], await MatchingAsync("A"));

        var changed = await store.UpdateAsync(added with { Events = ["B"] }, [Given.Entry(added)], health: null, default);
        Assert.Empty(await MatchingAsync("A"));
        Assert.Equal([added.Id], await MatchingAsync("B"));

        changed = await store.UpdateAsync(changed! with { IsActive = false }, [Given.Entry(added)], health: null, default);
        Assert.Empty(await MatchingAsync("B"));

        changed = await store.UpdateAsync(changed! with { IsActive = true }, [Given.Entry(added)], health: null, default);
        Assert.Equal([added.Id], await MatchingAsync("B"));

        await store.DeleteAsync(changed!, Given.Entry(added), default);
        Assert.Empty(await MatchingAsync("B"));

        async Task<IEnumerable<SubscriptionId>> MatchingAsync(string name) =>
            (await index.GetAsync(_organization, default)).Matching(EventName.Parse(name), null);
    }

    [Fact]
    public async Task Index_is_not_reloaded_when_nothing_has_changed()
    {
        var store = await StoreAsync();
        await AddAsync(store, Given.Subscription(_organization, _clock, "A"));
        var index = new SubscriptionIndex(store, _clock);

        Assert.Same(await index.GetAsync(_organization, default), await index.GetAsync(_organization, default));
    }

    private async Task<SubscriptionStore> StoreAsync() => Given.SubscriptionStore(await stores.ConnectAsync(), _clock);

    private static Task<Subscription> AddAsync(SubscriptionStore store, Subscription subscription) =>
        store.AddAsync(subscription, Given.Entry(subscription, AuditType.SubscriptionCreated), default);

    private async Task<IReadOnlyList<AuditEntryResponse>> EntriesAsync() =>
        (
            await new AuditLog(await stores.ConnectAsync(), _clock).ListAsync(
                _organization,
                new AuditFilter(new TimeRange(null, null), null, null),
                new PageRequest("test", 1000, null),
                default
            )
        ).Items;

    private async Task<List<SubscriptionId>> ListAsync(SubscriptionStore store, int pageSize, Predicate<Subscription> filter)
    {
        List<SubscriptionId> ids = [];
        var request = new PageRequest("test", pageSize, null);
        while (true)
        {
            var page = await store.ListAsync(_organization, filter, request, default);
            Assert.True(page.Items.Count <= pageSize);
            ids.AddRange(page.Items.Select(one => one.Id));
            if (page.ContinuationToken is not { } token)
            {
                return ids;
            }

            Assert.True(ContinuationToken.TryDecode(token, "test", out var after));
            request = request with { After = after };
        }
    }
}
