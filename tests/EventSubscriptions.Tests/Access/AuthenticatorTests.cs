using EventSubscriptions.Access;
using EventSubscriptions.Http;
using EventSubscriptions.Secrets;
using EventSubscriptions.Tests.Http;
using EventSubscriptions.Tests.Storage;

namespace EventSubscriptions.Tests.Access;

public sealed class AuthenticatorOnAzuriteTests() : AuthenticatorTests(new AzuriteStores());

public sealed class AuthenticatorOnEmbeddedTests() : AuthenticatorTests(new LocalStores());

public abstract class AuthenticatorTests(ITableStores stores) : AccessTestBase(stores)
{
    [Fact]
    public async Task Revoked_key_is_unknown_on_other_instances_after_5_seconds()
    {
        var created = await CreateAsync("""{"name":"n","role":"read"}""");
        var other = NewAuthenticator(_store);
        Assert.NotNull((await other.AuthenticateAsync(Key(created), default)).Caller);
        Assert.NotNull((await _authenticator.AuthenticateAsync(Key(created), default)).Caller);

        await RevokeAsync(Id(created), _admin);

        Assert.Null((await _authenticator.AuthenticateAsync(Key(created), default)).Caller);
        _clock.Advance(TimeSpan.FromSeconds(5));
        Assert.Null((await other.AuthenticateAsync(Key(created), default)).Caller);
    }

    [Fact]
    public async Task Key_is_unknown_when_it_has_expired()
    {
        var created = await CreateAsync("""{"name":"n","role":"read","expiresAt":"2026-01-31T10:00:03Z"}""");
        Assert.NotNull((await _authenticator.AuthenticateAsync(Key(created), default)).Caller);

        _clock.Advance(TimeSpan.FromSeconds(3));

        Assert.Null((await _authenticator.AuthenticateAsync(Key(created), default)).Caller);
    }

    [Fact]
    public async Task Key_is_unknown_when_its_secret_part_differs()
    {
        var key = Key(await CreateAsync("""{"name":"n","role":"read"}"""));

        Assert.Null((await _authenticator.AuthenticateAsync(key[..^1] + (key[^1] == '0' ? '1' : '0'), default)).Caller);
        Assert.Null((await _authenticator.AuthenticateAsync(ApiKey.NewText(_clock, Given.Mark).Text.Reveal(), default)).Caller);
        Assert.Null((await _authenticator.AuthenticateAsync(AdminKey[..^1], default)).Caller);
        Assert.Equal(_admin, (await _authenticator.AuthenticateAsync(AdminKey, default)).Caller);
    }

    [Fact]
    public async Task Last_use_of_a_key_is_stored_every_five_minutes()
    {
        var created = await CreateAsync($$"""{"name":"n","role":"read","organizationId":{{_organization}}}""");
        await UseAsync();
        var first = _clock.GetUtcNow();
        await LastUsedAsync(first);

        _clock.Advance(TimeSpan.FromMinutes(4));
        await UseAsync();
        Assert.Equal(first, (await _store.GetAsync(KeyId(created), default))!.LastUsedAt);

        _clock.Advance(TimeSpan.FromMinutes(1));
        await UseAsync();
        await LastUsedAsync(_clock.GetUtcNow());

        async Task UseAsync() => Assert.NotNull((await _authenticator.AuthenticateAsync(Key(created), default)).Caller);
        async Task LastUsedAsync(DateTimeOffset expected)
        {
            // The request doesn't wait for the update, so the test has to.
            using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(20));
            while ((await _store.GetAsync(KeyId(created), default))!.LastUsedAt != expected)
            {
                await Task.Delay(10, patience.Token);
            }
        }
    }

    [Fact]
    public async Task Revoked_key_is_not_restored_when_its_last_use_is_stored()
    {
        var created = await CreateAsync("""{"name":"n","role":"read"}""");
        await RevokeAsync(Id(created), _admin);

        await _store.TouchAsync(KeyId(created), _clock.GetUtcNow(), default);

        Assert.Null(await _store.GetAsync(KeyId(created), default));
    }

    [Fact]
    public async Task Unmarked_key_of_an_older_version_is_accepted()
    {
        var key = await IssueUnmarkedAsync();

        Assert.Equal("old", (await DecideAsync(s_read, Bearer(key))).Caller?.Actor.Name);
    }

    [Fact]
    public async Task Key_is_accepted_while_the_secret_of_its_mark_is_configured()
    {
        SecretKey[] keys = [new("new", new byte[32]), .. Given.Secrets.Keys];
        var key = Key(await CreateAsync($$"""{"name":"{{NewName()}}","role":"read"}"""));

        Assert.NotNull((await NewAuthenticator(_store, new KeyMark(new SecretOptions(keys))).AuthenticateAsync(key, default)).Caller);
        Assert.Null((await NewAuthenticator(_store, new KeyMark(new SecretOptions(keys[..1]))).AuthenticateAsync(key, default)).Caller);
    }

    [Fact]
    public async Task Key_with_an_invalid_mark_is_unknown_without_a_lookup()
    {
        var authenticator = NewAuthenticator(new ApiKeyStore(new SilentTables()));

        for (var i = 0; i < 1000; i++)
        {
            var text = ApiKey.NewText(_clock, new KeyMark(new SecretOptions([new("other", new byte[32])]))).Text.Reveal();
            Assert.Equal(
                Authentication.Unknown,
                await authenticator.AuthenticateAsync(text, default).AsTask().WaitAsync(Eventually.Deadline)
            );
        }
    }

    [Fact]
    public async Task Unmarked_keys_are_looked_up_100_times_a_second_and_known_keys_always()
    {
        var known = await IssueUnmarkedAsync();
        Assert.NotNull((await DecideAsync(s_read, Bearer(known))).Caller);
        _clock.Advance(TimeSpan.FromSeconds(5));

        for (var i = 0; i < 100; i++)
        {
            Assert.Equal(401, await StatusAsync(s_read, Bearer(NewUnmarked().Text)));
        }

        var refused = (await (await DecideAsync(s_read, Bearer(NewUnmarked().Text))).Refusal!.ReplyAsync());
        Assert.Equal(503, refused.Status);
        Assert.Equal("1", refused.Headers.RetryAfter);
        Assert.Equal(new AccessDecision(null, null, null), await DecideAsync(s_anonymous, Bearer(NewUnmarked().Text)));
        Assert.NotNull((await DecideAsync(s_read, Bearer(known))).Caller);
        Assert.NotNull((await DecideAsync(s_read, Bearer(Key(await CreateAsync($$"""{"name":"{{NewName()}}","role":"read"}"""))))).Caller);

        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(401, await StatusAsync(s_read, Bearer(NewUnmarked().Text)));
    }

    [Fact]
    public async Task Unmarked_key_is_not_looked_up_again_within_a_second()
    {
        var unknown = NewUnmarked().Text;

        for (var i = 0; i < 101; i++)
        {
            Assert.Equal(401, await StatusAsync(s_read, Bearer(unknown)));
        }
    }

    [Fact]
    public async Task Revoked_unmarked_key_counts_as_unknown()
    {
        var revoked = await IssueUnmarkedAsync();
        var caller = (await DecideAsync(s_read, Bearer(revoked))).Caller!;
        Assert.True(ApiKeyId.TryParse(caller.Actor.Id, out var id));
        _authenticator.Forget(id);

        for (var i = 0; i < 100; i++)
        {
            await StatusAsync(s_read, Bearer(NewUnmarked().Text));
        }

        Assert.Equal(503, await StatusAsync(s_read, Bearer(revoked)));
    }

    private async Task<string> IssueUnmarkedAsync()
    {
        var (id, text) = NewUnmarked();
        var key = new ApiKey
        {
            Id = id,
            Name = "old",
            Role = Role.Read,
            Organization = Given.Organization(),
            CreatedAt = _clock.GetUtcNow(),
            Hash = ApiKey.HashOf(text),
        };
        Assert.True(await _store.TryAddAsync(key, default));
        return text;
    }

    /// <summary>A key's text as older versions made it.</summary>
    private (ApiKeyId Id, string Text) NewUnmarked()
    {
        var (id, text) = ApiKey.NewText(_clock, Given.Mark);
        return (id, text.Reveal()[..^KeyMark.Length]);
    }
}
