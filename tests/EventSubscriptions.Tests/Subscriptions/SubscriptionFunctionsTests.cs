using Azure;
using EventSubscriptions.Http;
using EventSubscriptions.Organizations;
using EventSubscriptions.Subscriptions;
using EventSubscriptions.Tests.Http;
using EventSubscriptions.Tests.Storage;

namespace EventSubscriptions.Tests.Subscriptions;

public sealed class SubscriptionFunctionsOnAzuriteTests() : SubscriptionFunctionsTests(new AzuriteStores());

public sealed class SubscriptionFunctionsOnLocalStoresTests() : SubscriptionFunctionsTests(new LocalStores());

public abstract class SubscriptionFunctionsTests(ITableStores stores) : SubscriptionFunctionsTestBase(stores)
{
    [Fact]
    public async Task Subscription_is_created_and_shown_without_its_secrets()
    {
        var created = await CreateAsync(Valid);

        Assert.Equal(201, created.Status);
        var (id, signingSecret) = (Id(created), created.Read<SubscriptionResult>().SigningSecret);
        Assert.Equal($"/api/organizations/{_organization}/subscriptions/{id}", created.Headers.Location);
        Assert.Matches("^\"[^\"]+\"$", created.Headers.ETag.ToString());
        var secret = $"\"signingSecret\":\"{signingSecret}\",";
        Assert.Matches("whsec_[A-Za-z0-9+/]{43}=", secret);
        Assert.Equal(
            $$"""{"id":"{{id}}","organizationId":{{_organization}},"name":"n","url":"https://example.com/hook?code=***","urlIsSecret":false,"authentication":{"type":"bearer"},"tokenHint":"ngth",{{secret}}"events":["CaseClosedEvent"],"isActive":true,"health":{"state":"healthy","failures":0},"createdAt":"2026-01-31T10:00:00Z","updatedAt":"2026-01-31T10:00:00Z"}""",
            created.Body
        );

        var read = await GetAsync(id);
        Assert.Equal(200, read.Status);
        Assert.Equal(created.Body.Replace(secret, "", StringComparison.Ordinal), read.Body);
        Assert.Equal(created.Headers.ETag, read.Headers.ETag);
    }

    [Fact]
    public async Task Token_hint_is_absent_when_the_token_is_short()
    {
        var created = await CreateAsync(Valid.Replace("t0ken-of-some-length", "elevenchars", StringComparison.Ordinal));

        Assert.False(created.Json.TryGetProperty("tokenHint", out _));
    }

    [Fact]
    public async Task Subscription_is_not_created_when_its_organization_has_reached_the_limit()
    {
        _functions = Functions(new LimitsOptions { SubscriptionsPerOrganization = 3 });
        var first = Id(await CreateAsync(Valid));
        var replies = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => Task.Run(() => CreateAsync(Valid))));
        Assert.Equal(2, replies.Count(reply => reply.Status == 201));
        Assert.Equal(8, replies.Count(reply => reply.Status == 409));

        await DeleteAsync(first);

        Assert.Equal(201, (await CreateAsync(Valid)).Status);
        Assert.Equal(409, (await CreateAsync(Valid)).Status);
        Assert.Equal(3, Ids(await ListAsync("")).Count);
    }

    [Fact]
    public async Task Subscription_counts_towards_the_limit_before_it_is_stored()
    {
        var limit = new SubscriptionLimit(_store, new LimitsOptions { SubscriptionsPerOrganization = 1 }, _clock);
        var stored = new TaskCompletionSource<Subscription>();
        var first = limit.TryAddAsync(_organization, () => stored.Task, default);
        limit.Deleted(_organization);

        Assert.Null(await limit.TryAddAsync(_organization, () => throw new InvalidOperationException(), default));

        stored.SetResult(Given.Subscription(_organization, _clock));
        Assert.NotNull(await first);
    }

    [Fact]
    public async Task Subscription_does_not_count_towards_the_limit_when_it_could_not_be_stored()
    {
        var limit = new SubscriptionLimit(_store, new LimitsOptions { SubscriptionsPerOrganization = 1 }, _clock);
        await Assert.ThrowsAsync<RequestFailedException>(() =>
            limit.TryAddAsync(_organization, () => throw new RequestFailedException(503, "The server is busy."), default)
        );

        var subscription = Given.Subscription(_organization, _clock);
        Assert.NotNull(await limit.TryAddAsync(_organization, () => Task.FromResult(subscription), default));
    }

    [Fact]
    public async Task Subscriptions_of_another_instance_count_towards_the_limit_after_a_second()
    {
        var other = Functions(new LimitsOptions { SubscriptionsPerOrganization = 2 });
        _functions = Functions(new LimitsOptions { SubscriptionsPerOrganization = 2 });
        await CreateAsync(Valid);
        var theirs = Id(await other.CreateSubscription(Requests.Post(Valid), Context, default).Reply());
        _clock.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(409, (await CreateAsync(Valid)).Status);

        await other.DeleteSubscription(Requests.Get(), theirs, Context, default);
        _clock.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal(201, (await CreateAsync(Valid)).Status);
    }

    [Theory]
    [InlineData("sub_0123456789abcdefghijklmnop")]
    [InlineData("sub_x")]
    [InlineData("x")]
    public async Task Subscription_that_does_not_exist_is_not_found(string id)
    {
        Assert.Equal(404, (await GetAsync(id)).Status);
        Assert.Equal(404, (await PatchAsync(id, "{}")).Status);
        Assert.Equal(404, (await DeleteAsync(id)).Status);
    }

    [Theory]
    [InlineData("""["Case*"]""", null)]
    [InlineData("""["category:Case","TaskCompletedEvent"]""", null)]
    [InlineData("""["Case*","Case*"]""", "is repeated")]
    [InlineData("""["Csae*"]""", "matches no event type; GET /api/event-types lists their names and categories")]
    [InlineData("""["category:case"]""", "matches no event type; GET /api/event-types lists their names and categories")]
    [InlineData("""["case*"]""", "matches no event type; GET /api/event-types lists their names and categories")]
    [InlineData("""["Case*Event"]""", "is not a known event type; GET /api/event-types lists them")]
    public async Task Events_may_be_patterns_that_match_an_event_type(string events, string? error)
    {
        var reply = await CreateAsync(Valid.Replace("""["CaseClosedEvent"]""", events, StringComparison.Ordinal));

        Assert.Equal(error is null ? 201 : 400, reply.Status);
        Assert.Equal(error, reply.Status == 201 ? null : Assert.Single(Assert.Single(reply.Errors).Value));
    }

    [Fact]
    public async Task List_filters_by_pattern_health_and_text()
    {
        var named = Id(await CreateAsync(Valid));
        var pattern = Id(await CreateAsync(Valid.Replace("CaseClosedEvent", "Case*", StringComparison.Ordinal)));
        var category = Id(await CreateAsync(Valid.Replace("CaseClosedEvent", "category:Case", StringComparison.Ordinal)));
        var every = Id(await CreateAsync(Valid.Replace("CaseClosedEvent", "*", StringComparison.Ordinal)));
        var other = Id(
            await CreateAsync(
                Valid
                    .Replace("CaseClosedEvent", "TaskCompletedEvent", StringComparison.Ordinal)
                    .Replace("\"n\"", "\"SIEM forwarder\"", StringComparison.Ordinal)
            )
        );
        await PatchAsync(every, """{"isActive":false}""");
        Assert.True(SubscriptionId.TryParse(pattern, out var failing));
        await new SubscriptionHealthStore(_tables).TryWriteAsync(
            _organization,
            failing,
            SubscriptionHealth.Healthy.Failed(_clock.GetUtcNow()),
            default
        );

        await ListsAsync("?event=CaseClosedEvent", named, pattern, category, every);
        await ListsAsync("?event=TaskCompletedEvent", every, other);
        await ListsAsync("?event=*", every);
        await ListsAsync("?event=SubscriptionFailingEvent");
        await ListsAsync("?health=failing", pattern);
        await ListsAsync("?health=deactivated", every);
        await ListsAsync("?health=healthy", named, category, other);
        await ListsAsync("?search=siem", other);
        await ListsAsync("?search=EXAMPLE.com", named, pattern, category, every, other);
        await ListsAsync("?search=s3cret");
        Assert.Equal(["health"], (await ListAsync("?health=ill")).Errors.Keys);

        // Ids created in the same millisecond are unordered.
        async Task ListsAsync(string query, params string[] ids) =>
            Assert.Equal(ids.Order(StringComparer.Ordinal), Ids(await ListAsync(query)).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Field_errors_are_all_reported_at_once()
    {
        var reply = await CreateAsync("""{"name":"","url":"x","token":"a\nb","events":["Nope"],"isActive":"yes","colour":1}""");

        Assert.Equal(400, reply.Status);
        Assert.Equal(["name", "url", "token", "events[0]", "isActive", "colour"], reply.Errors.Keys);
        Assert.DoesNotContain("a\nb", reply.Body, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "b A c 0")]
    [InlineData("?sort=createdAt", "b A c 0")]
    [InlineData("?sort=-createdAt", "0 c A b")]
    [InlineData("?sort=name", "0 A b c")]
    [InlineData("?sort=-name", "c b A 0")]
    [InlineData("?sort=health", "c A 0 b")]
    [InlineData("?sort=health&isActive=true", "c 0 b")]
    public async Task List_is_sorted_and_paged(string query, string names)
    {
        var ids = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var name in (string[])["b", "A", "c", "0"])
        {
            _clock.Advance(TimeSpan.FromMilliseconds(1));
            ids.Add(name, Id(await CreateAsync(Valid.Replace("\"n\"", $"\"{name}\"", StringComparison.Ordinal))));
        }

        await PatchAsync(ids["A"], """{"isActive":false}""");
        Assert.True(SubscriptionId.TryParse(ids["c"], out var failing));
        var unhealthy = SubscriptionHealth.Healthy.Failed(_clock.GetUtcNow());
        await new SubscriptionHealthStore(_tables).TryWriteAsync(_organization, failing, unhealthy, default);
        var expected = names.Split(' ').Select(name => ids[name]);

        Assert.Equal(expected, Ids(await ListAsync(query)));
        var paged = new List<string>();
        for (var next = $"{query}{(query.Length == 0 ? '?' : '&')}pageSize=1"; next.Length > 0; )
        {
            var page = await ListAsync(next);
            paged.AddRange(Ids(page));
            next = Page(page).ContinuationToken is { } token ? $"?{query.TrimStart('?')}&pageSize=1&continuationToken={token}" : "";
        }

        Assert.Equal(expected, paged);
    }

    [Fact]
    public async Task Token_of_another_order_is_refused()
    {
        await CreateAsync(Valid);
        await CreateAsync(Valid);
        var token = Page(await ListAsync("?sort=name&pageSize=1")).ContinuationToken;

        Assert.Equal(["continuationToken"], (await ListAsync($"?sort=-name&continuationToken={token}")).Errors.Keys);
        Assert.Equal(["sort"], (await ListAsync("?sort=size")).Errors.Keys);
    }

    [Fact]
    public async Task List_filters_and_pages_oldest_first()
    {
        var ids = new List<string>();
        foreach (
            var body in (string[])
                [
                    Valid,
                    Valid.Replace("CaseClosedEvent", "*", StringComparison.Ordinal),
                    Valid.Replace("CaseClosedEvent", "CaseCreatedEvent", StringComparison.Ordinal),
                ]
        )
        {
            _clock.Advance(TimeSpan.FromMilliseconds(1));
            ids.Add(Id(await CreateAsync(body)));
        }

        await PatchAsync(ids[1], """{"isActive":false}""");

        Assert.Equal(ids, Ids(await ListAsync("")));
        Assert.Equal(ids[..2], Ids(await ListAsync("?event=CaseClosedEvent")));
        Assert.Equal([ids[1]], Ids(await ListAsync("?event=*")));
        Assert.Equal([ids[1]], Ids(await ListAsync("?isActive=false")));
        Assert.Equal([ids[0], ids[2]], Ids(await ListAsync("?isActive=true")));
        var first = await ListAsync("?pageSize=2");
        Assert.Equal(ids[..2], Ids(first));
        var second = await ListAsync($"?pageSize=2&continuationToken={Page(first).ContinuationToken}");
        Assert.Equal(ids[2..], Ids(second));
        Assert.Null(Page(second).ContinuationToken);
        Assert.Equal(400, (await ListAsync("?event=CaseClosdEvent")).Status);
        Assert.Equal(400, (await ListAsync("?pageSize=0&color=red")).Status);
        Assert.Empty(
            Ids(
                await _functions
                    .ListSubscriptions(
                        Requests.Get(),
                        new TestFunctionContext(new Caller(Given.Actor("ops"), Role.Manage, null), Given.Organization()),
                        default
                    )
                    .Reply()
            )
        );
    }
}
