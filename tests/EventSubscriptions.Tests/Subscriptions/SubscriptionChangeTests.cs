using EventSubscriptions.Tests.Storage;

namespace EventSubscriptions.Tests.Subscriptions;

public sealed class SubscriptionChangeOnAzuriteTests() : SubscriptionChangeTests(new AzuriteStores());

public sealed class SubscriptionChangeOnEmbeddedTests() : SubscriptionChangeTests(new LocalStores());

public abstract class SubscriptionChangeTests(ITableStores stores) : SubscriptionFunctionsTestBase(stores)
{
    [Fact]
    public async Task Patch_returns_the_new_version()
    {
        var created = await CreateAsync(Valid);
        _clock.Advance(TimeSpan.FromMinutes(1));

        var patched = await PatchAsync(
            Id(created),
            """{"isActive":false,"token":"another-token-entirely"}""",
            created.Headers.ETag.ToString()
        );

        Assert.Equal(200, patched.Status);
        Assert.False(patched.Read<SubscriptionResult>().IsActive);
        Assert.Equal("rely", patched.Read<SubscriptionResult>().TokenHint);
        Assert.Equal("2026-01-31T10:01:00Z", patched.Json.GetProperty("updatedAt").GetString());
        Assert.NotEqual(created.Headers.ETag, patched.Headers.ETag);
        Assert.Equal(patched.Headers.ETag, (await GetAsync(Id(created))).Headers.ETag);
    }

    [Theory]
    [InlineData("https://example.com/other?code=s3cret")]
    [InlineData("https://example.com/Hook?code=s3cret")]
    [InlineData("https://example.com/?code=s3cret")]
    [InlineData("https://example.com:8443/hook?code=s3cret")]
    [InlineData("https://attacker.example/hook?code=s3cret")]
    public async Task Token_is_required_when_the_new_url_has_another_host_or_path(string url)
    {
        var created = await CreateAsync(Valid);

        var refused = await PatchAsync(Id(created), $$"""{"url":"{{url}}"}""");

        Assert.Equal(400, refused.Status);
        Assert.Equal(["token"], refused.Errors.Keys);
        Assert.Equal(created.Headers.ETag, (await GetAsync(Id(created))).Headers.ETag);
        Assert.Equal(200, (await PatchAsync(Id(created), $$"""{"url":"{{url}}","token":"t0ken-of-some-length"}""")).Status);
    }

    [Theory]
    [InlineData("https://example.com/hook?code=0ther")]
    [InlineData("https://example.com/hook")]
    [InlineData("https://EXAMPLE.com:443/hook?code=s3cret")]
    public async Task Token_is_kept_when_the_new_url_has_the_same_host_and_path(string url)
    {
        var created = await CreateAsync(Valid);

        Assert.Equal(200, (await PatchAsync(Id(created), $$"""{"url":"{{url}}"}""")).Status);
    }

    [Fact]
    public async Task Version_and_audit_log_stay_unchanged_when_a_patch_changes_nothing()
    {
        var created = await CreateAsync(Valid);
        _clock.Advance(TimeSpan.FromMinutes(1));

        var patched = await PatchAsync(Id(created), """{"isActive":true,"events":["CaseClosedEvent"],"token":"t0ken-of-some-length"}""");

        Assert.Equal((await GetAsync(Id(created))).Body, patched.Body);
        Assert.Equal(created.Headers.ETag, patched.Headers.ETag);
        Assert.Single(await AuditAsync());
    }

    [Fact]
    public async Task Change_is_refused_when_the_version_is_stale()
    {
        var created = await CreateAsync(Valid);
        var stale = created.Headers.ETag.ToString();
        await PatchAsync(Id(created), """{"name":"newer"}""");

        Assert.Equal(412, (await PatchAsync(Id(created), """{"name":"older"}""", stale)).Status);
        Assert.Equal(412, (await DeleteAsync(Id(created), stale)).Status);
        Assert.Equal(412, (await DeleteAsync(Id(created), $"W/{stale}")).Status);
        Assert.Equal(400, (await PatchAsync(Id(created), """{"name":"older"}""", "unquoted")).Status);
        Assert.Equal(400, (await DeleteAsync(Id(created), "unquoted")).Status);
        Assert.Equal(200, (await PatchAsync(Id(created), """{"name":"newest"}""", "*")).Status);
        Assert.Equal(204, (await DeleteAsync(Id(created), (await GetAsync(Id(created))).Headers.ETag.ToString())).Status);
        Assert.Equal(404, (await DeleteAsync(Id(created))).Status);
    }

    [Fact]
    public async Task Updated_time_increases_when_the_clock_is_set_back()
    {
        var created = await CreateAsync(Valid);
        _clock.Jump(-TimeSpan.FromHours(1));

        var patched = await PatchAsync(Id(created), """{"name":"newer"}""");

        Assert.Equal("2026-01-31T10:00:00.0000001Z", patched.Json.GetProperty("updatedAt").GetString());
    }

    [Fact]
    public async Task Concurrent_changes_all_succeed_without_If_Match()
    {
        var id = Id(await CreateAsync(Valid));

        var replies = await Task.WhenAll(
            PatchAsync(id, """{"name":"newer"}"""),
            PatchAsync(id, """{"description":"d"}"""),
            PatchAsync(id, """{"rateLimitPerSecond":5}""")
        );

        Assert.All(replies, reply => Assert.Equal(200, reply.Status));
        var read = (await GetAsync(id)).Read<SubscriptionResult>();
        Assert.Equal(("newer", "d", 5), (read.Name, read.Description, read.RateLimitPerSecond));
    }

    [Fact]
    public async Task One_of_several_concurrent_changes_succeeds_with_If_Match()
    {
        var created = await CreateAsync(Valid);

        var replies = await Task.WhenAll(
            Enumerable.Range(0, 5).Select(i => PatchAsync(Id(created), $$"""{"name":"name {{i}}"}""", created.Headers.ETag.ToString()))
        );

        Assert.Equal([200, 412, 412, 412, 412], replies.Select(reply => reply.Status).Order());
    }

    [Fact]
    public async Task Change_updates_the_cache_of_its_instance()
    {
        var created = await CreateAsync(Valid);
        Assert.True(SubscriptionId.TryParse(Id(created), out var id));
        Assert.True((await _cache.GetAsync(_organization, id, default))!.IsActive);

        await PatchAsync(Id(created), """{"isActive":false}""");
        Assert.False((await _cache.GetAsync(_organization, id, default))!.IsActive);

        await DeleteAsync(Id(created));
        Assert.Null(await _cache.GetAsync(_organization, id, default));
    }
}
