using Azure.Data.Tables;
using EventSubscriptions.Access;
using EventSubscriptions.Audit;
using EventSubscriptions.Http;
using EventSubscriptions.Organizations;
using EventSubscriptions.Secrets;
using EventSubscriptions.Storage;
using EventSubscriptions.Tests.Http;
using EventSubscriptions.Tests.Storage;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;
using Moq;

namespace EventSubscriptions.Tests.Access;

public sealed class AccessOnAzuriteTests() : AccessTests(new AzuriteStores());

public sealed class AccessOnLocalStoresTests() : AccessTests(new LocalStores());

/// <summary>Keys from their issue to their end, and what requests with them are told.</summary>
public abstract class AccessTests(ITableStores stores) : IAsyncLifetime
{
    private const string AdminKey = "admin-key-of-32-characters-or-so";

    private static readonly Requirement s_read = new(false, [Role.Read]);
    private static readonly Requirement s_anonymous = new(true, []);

    private readonly TestClock _clock = new(new DateTimeOffset(2026, 1, 31, 10, 0, 0, TimeSpan.Zero));
    private readonly OrganizationId _organization = Given.Organization();
    private readonly Caller _admin = new(new Actor(Authenticator.AdminKeyId, Authenticator.AdminKeyName), Role.Admin, null);
    private ApiKeyStore _store = null!;
    private AuditLog _auditLog = null!;
    private Authenticator _authenticator = null!;
    private ApiKeyFunctions _functions = null!;
    private AccessPolicy _policy = null!;

    private Caller BoundAdmin => new(Given.Actor("bound"), Role.Admin, _organization);

    public async Task InitializeAsync()
    {
        var tables = await stores.ConnectAsync();
        _store = new ApiKeyStore(tables);
        _auditLog = new AuditLog(tables, _clock);
        _authenticator = NewAuthenticator(_store);
        _functions = new ApiKeyFunctions(_store, Given.Mark, _authenticator, _auditLog, _clock);
        _policy = new AccessPolicy(_authenticator, _clock);
    }

    public Task DisposeAsync() => Task.CompletedTask;

    [Fact]
    public async Task Key_is_issued_once_shown_and_let_through()
    {
        var created = await CreateAsync(
            $$"""{"name":"reader","role":"read","organizationId":{{_organization}},"expiresAt":"2026-02-01T00:00:00Z"}"""
        );

        Assert.Equal(201, created.Status);
        var id = created.Json.GetProperty("id").GetString();
        var key = created.Json.GetProperty("key").GetString()!;
        Assert.Equal($"/api/keys/{id}", created.Headers.Location);
        Assert.Equal(
            $$"""{"id":"{{id}}","name":"reader","role":"read","organizationId":{{_organization}},"createdAt":"2026-01-31T10:00:00Z","expiresAt":"2026-02-01T00:00:00Z","key":"{{key}}"}""",
            created.Body
        );
        var decision = await DecideAsync(s_read, Bearer(key), _organization.ToString());
        Assert.Null(decision.Refusal);
        Assert.Equal(new Caller(new Actor(id, "reader"), Role.Read, _organization), decision.Caller);
        Assert.Equal(_organization, decision.Organization);

        var listed = await ListAsync(BoundAdmin);
        Assert.Contains(id!, listed.Body, StringComparison.Ordinal);
        Assert.DoesNotContain(key, listed.Body, StringComparison.Ordinal);
        Assert.DoesNotContain("\"key\":", listed.Body, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"name":"n","role":"owner"}""", "role")]
    [InlineData("""{"name":"n","role":"Admin"}""", "role")]
    [InlineData("""{"name":"","role":"read"}""", "name")]
    [InlineData("""{"name":"Access__AdminKey","role":"read"}""", "name")]
    [InlineData("""{"name":"access__ADMINkey ","role":"read"}""", "name")]
    [InlineData("""{"name":"a\u202eb","role":"read"}""", "name")]
    [InlineData("""{"name":"\u200b","role":"read"}""", "name")]
    [InlineData("""{"name":"a\nb","role":"read"}""", "name")]
    [InlineData("""{"role":"read"}""", "name")]
    [InlineData("""{"name":"n"}""", "role")]
    [InlineData("""{"name":"n","role":"read","organizationId":-1}""", "organizationId")]
    [InlineData("""{"name":"n","role":"read","organizationId":"1"}""", "organizationId")]
    [InlineData("""{"name":"n","role":"read","expiresAt":"2026-01-31T10:00:00Z"}""", "expiresAt")]
    [InlineData("""{"name":"n","role":"read","expiresAt":"soon"}""", "expiresAt")]
    [InlineData("""{"name":"n","role":"read","key":"mine"}""", "key")]
    public async Task Key_is_refused_by_the_field_that_is_wrong(string body, string field)
    {
        var reply = await CreateAsync(body);

        Assert.Equal(400, reply.Status);
        Assert.Equal([field], reply.Errors.Keys);
    }

    [Theory]
    [InlineData("")]
    [InlineData(""","organizationId":2147483647""")]
    public async Task Bound_admin_issues_for_its_organization_only(string organization)
    {
        var reply = await CreateAsync($$"""{"name":"n","role":"read"{{organization}}}""", BoundAdmin);

        Assert.Equal(403, reply.Status);
        Assert.Equal(201, (await CreateAsync($$"""{"name":"n","role":"admin","organizationId":{{_organization}}}""", BoundAdmin)).Status);
    }

    [Fact]
    public async Task Bound_admin_sees_and_revokes_keys_of_its_organization_only()
    {
        var mine = await CreateAsync($$"""{"name":"mine","role":"read","organizationId":{{_organization}}}""");
        var others = await CreateAsync($$"""{"name":"others","role":"read","organizationId":{{Given.Organization()}}}""");
        var unbound = await CreateAsync("""{"name":"unbound","role":"read"}""");

        var item = Assert.Single((await ListAsync(BoundAdmin)).Json.GetProperty("items").EnumerateArray());
        Assert.Equal("mine", item.GetProperty("name").GetString());
        Assert.Equal(404, (await RevokeAsync(Id(others), BoundAdmin)).Status);
        Assert.Equal(404, (await RevokeAsync(Id(unbound), BoundAdmin)).Status);
        Assert.Equal(204, (await RevokeAsync(Id(mine), BoundAdmin)).Status);
        Assert.Equal(204, (await RevokeAsync(Id(others), _admin)).Status);
        Assert.Equal(404, (await RevokeAsync(Id(others), _admin)).Status);
        Assert.Equal(404, (await RevokeAsync("nonsense", _admin)).Status);
    }

    [Fact]
    public async Task Revoked_key_works_no_longer_than_5_seconds_on_other_instances()
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
    public async Task Key_is_unknown_from_the_moment_it_expires()
    {
        var created = await CreateAsync("""{"name":"n","role":"read","expiresAt":"2026-01-31T10:00:03Z"}""");
        Assert.NotNull((await _authenticator.AuthenticateAsync(Key(created), default)).Caller);

        _clock.Advance(TimeSpan.FromSeconds(3));

        Assert.Null((await _authenticator.AuthenticateAsync(Key(created), default)).Caller);
    }

    [Fact]
    public async Task Key_with_another_secret_is_unknown()
    {
        var key = Key(await CreateAsync("""{"name":"n","role":"read"}"""));

        Assert.Null((await _authenticator.AuthenticateAsync(key[..^1] + (key[^1] == '0' ? '1' : '0'), default)).Caller);
        Assert.Null((await _authenticator.AuthenticateAsync(ApiKey.NewText(_clock, Given.Mark).Text.Reveal(), default)).Caller);
        Assert.Null((await _authenticator.AuthenticateAsync(AdminKey[..^1], default)).Caller);
        Assert.Equal(_admin, (await _authenticator.AuthenticateAsync(AdminKey, default)).Caller);
    }

    [Fact]
    public async Task Use_of_a_key_is_noted_every_few_minutes()
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
            // The request doesn't wait for the note, so the test has to.
            using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(20));
            while ((await _store.GetAsync(KeyId(created), default))!.LastUsedAt != expected)
            {
                await Task.Delay(10, patience.Token);
            }
        }
    }

    [Fact]
    public async Task Use_of_a_revoked_key_does_not_bring_it_back()
    {
        var created = await CreateAsync("""{"name":"n","role":"read"}""");
        await RevokeAsync(Id(created), _admin);

        await _store.TouchAsync(KeyId(created), _clock.GetUtcNow(), default);

        Assert.Null(await _store.GetAsync(KeyId(created), default));
    }

    [Fact]
    public async Task Keys_are_in_the_audit_log_of_their_organization()
    {
        var created = await CreateAsync($$"""{"name":"n","role":"manage","organizationId":{{_organization}}}""");
        _clock.Advance(TimeSpan.FromSeconds(1));
        await RevokeAsync(Id(created), BoundAdmin);

        var entries = (
            await _auditLog.ListAsync(
                _organization,
                new AuditFilter(new TimeRange(null, null), null, null),
                new PageRequest("", 10, null),
                default
            )
        ).Items;

        Assert.Equal(["key.revoked", "key.created"], entries.Select(entry => entry.Type));
        Assert.Equal(["bound", Authenticator.AdminKeyName], entries.Select(entry => entry.Actor));
        Assert.Equal(["id of bound", Authenticator.AdminKeyId], entries.Select(entry => entry.ActorId));
        Assert.Equal("manage", entries[1].Changes!.Value.GetProperty("role").GetProperty("to").GetString());
    }

    [Fact]
    public async Task Request_is_told_to_bring_a_key()
    {
        foreach (
            var request in (HttpRequest[])
                [
                    Requests.Get(),
                    Bearer(""),
                    Header("Basic dXNlcjpwdw=="),
                    Bearer("unknown"),
                    Bearer(new string('x', 10_000)),
                    Header("Bearer a", "Bearer b"),
                ]
        )
        {
            var refusal = (await DecideAsync(s_read, request, _organization.ToString())).Refusal!;
            var reply = await refusal.ReplyAsync();
            Assert.Equal(401, reply.Status);
            Assert.Equal("Bearer", reply.Headers.WWWAuthenticate);
        }
    }

    [Fact]
    public async Task Key_comes_in_either_header()
    {
        Assert.Equal(_admin, (await DecideAsync(s_read, Bearer(AdminKey))).Caller);
        Assert.Equal(_admin, (await DecideAsync(s_read, Header($"bearer {AdminKey}"))).Caller);
        Assert.Equal(_admin, (await DecideAsync(s_read, ApiKeyHeader(AdminKey))).Caller);
        Assert.Equal(_admin, (await DecideAsync(s_read, ApiKeyHeader("", $"Bearer {AdminKey}"))).Caller);
    }

    [Theory]
    [InlineData("Basic dXNlcjpwdw==")]
    [InlineData("Bearer eyJhbGciOiJub25lIn0.e30.")]
    [InlineData("")]
    public async Task Key_in_the_header_of_our_own_wins(string authorization)
    {
        Assert.Equal(_admin, (await DecideAsync(s_read, ApiKeyHeader(AdminKey, authorization))).Caller);
        Assert.Equal(401, (await (await DecideAsync(s_read, ApiKeyHeader("wrong", $"Bearer {AdminKey}"))).Refusal!.ReplyAsync()).Status);
    }

    [Fact]
    public async Task Key_of_an_older_version_goes_on_working()
    {
        var key = await IssueUnmarkedAsync();

        Assert.Equal("old", (await DecideAsync(s_read, Bearer(key))).Caller?.Actor.Name);
    }

    [Fact]
    public async Task Key_works_while_the_secret_that_marked_it_is_known()
    {
        SecretKey[] keys = [new("new", new byte[32]), .. Given.Secrets.Keys];
        var key = Key(await CreateAsync($$"""{"name":"{{NewName()}}","role":"read"}"""));

        Assert.NotNull((await NewAuthenticator(_store, new KeyMark(new SecretOptions(keys))).AuthenticateAsync(key, default)).Caller);
        Assert.Null((await NewAuthenticator(_store, new KeyMark(new SecretOptions(keys[..1]))).AuthenticateAsync(key, default)).Caller);
    }

    [Fact]
    public async Task Made_up_key_is_refused_without_a_look_up()
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
    public async Task Unmarked_keys_are_looked_up_100_times_a_second_and_known_ones_always()
    {
        var known = await IssueUnmarkedAsync();
        Assert.NotNull((await DecideAsync(s_read, Bearer(known))).Caller);
        _clock.Advance(TimeSpan.FromSeconds(5));

        for (var i = 0; i < 100; i++)
        {
            Assert.Equal(401, await StatusAsync(NewUnmarked().Text));
        }

        var refused = (await (await DecideAsync(s_read, Bearer(NewUnmarked().Text))).Refusal!.ReplyAsync());
        Assert.Equal(503, refused.Status);
        Assert.Equal("1", refused.Headers.RetryAfter);
        Assert.Equal(new AccessDecision(null, null, null), await DecideAsync(s_anonymous, Bearer(NewUnmarked().Text)));
        Assert.NotNull((await DecideAsync(s_read, Bearer(known))).Caller);
        Assert.NotNull((await DecideAsync(s_read, Bearer(Key(await CreateAsync($$"""{"name":"{{NewName()}}","role":"read"}"""))))).Caller);

        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(401, await StatusAsync(NewUnmarked().Text));

        async Task<int> StatusAsync(string key) => (await (await DecideAsync(s_read, Bearer(key))).Refusal!.ReplyAsync()).Status;
    }

    [Theory]
    [InlineData("Operations", true)]
    [InlineData("OPERATIONS", true)]
    [InlineData(" operations ", true)]
    [InlineData("Operations 2", false)]
    public async Task Name_of_a_key_is_its_own(string name, bool isTaken)
    {
        var number = NewName();
        await CreateAsync($$"""{"name":"{{number}} Operations","role":"read","organizationId":{{_organization}}}""", BoundAdmin);

        var reply = await CreateAsync($$"""{"name":"{{number}}  {{name}}","role":"read","organizationId":{{_organization}}}""", BoundAdmin);

        Assert.Equal(isTaken ? 409 : 201, reply.Status);
    }

    [Fact]
    public async Task Name_of_a_key_is_its_own_where_an_audit_log_could_show_both()
    {
        var (bound, unbound) = (NewName(), NewName());
        await CreateAsync($$"""{"name":"{{bound}}","role":"read","organizationId":{{_organization}}}""");
        await CreateAsync($$"""{"name":"{{unbound}}","role":"read"}""");

        Assert.Equal(409, (await CreateAsync($$"""{"name":"{{bound}}","role":"read"}""")).Status);
        Assert.Equal(
            409,
            (await CreateAsync($$"""{"name":"{{unbound}}","role":"read","organizationId":{{_organization}}}""", BoundAdmin)).Status
        );

        // What names another organization has, or takes, is no business of this one.
        var others = Given.Organization();
        Assert.Equal(201, (await CreateAsync($$"""{"name":"{{bound}}","role":"read","organizationId":{{others}}}""")).Status);
    }

    [Fact]
    public async Task Name_of_a_key_is_free_again_when_it_is_revoked()
    {
        var name = NewName();
        await RevokeAsync(Id(await CreateAsync($$"""{"name":"{{name}}","role":"read"}""")), _admin);

        Assert.Equal(201, (await CreateAsync($$"""{"name":"{{name}}","role":"read"}""")).Status);
    }

    [Fact]
    public async Task No_two_keys_of_one_name_stay_when_they_are_issued_at_the_same_time()
    {
        var name = NewName();

        await Task.WhenAll(
            Enumerable.Range(0, 8).Select(_ => CreateAsync($$"""{"name":"{{name}}","role":"read","organizationId":{{_organization}}}"""))
        );

        Assert.InRange(
            (await ListAsync(BoundAdmin))
                .Json.GetProperty("items")
                .EnumerateArray()
                .Count(key => key.GetProperty("name").GetString() == name),
            0,
            1
        );
    }

    [Theory]
    [InlineData("00")]
    [InlineData("-1")]
    [InlineData("01")]
    [InlineData("2147483648")]
    [InlineData("abc")]
    public async Task Organization_that_is_none_is_not_found(string organization) =>
        Assert.Equal(404, (await (await DecideAsync(s_read, Bearer(AdminKey), organization)).Refusal!.ReplyAsync()).Status);

    [Fact]
    public async Task Refusal_tells_key_before_role_before_organization()
    {
        var publisher = Key(await CreateAsync($$"""{"name":"{{NewName()}}","role":"publish","organizationId":{{_organization}}}"""));
        var reader = Key(await CreateAsync($$"""{"name":"{{NewName()}}","role":"read","organizationId":{{_organization}}}"""));

        Assert.Equal(401, await StatusAsync(Bearer("unknown"), "abc"));
        Assert.Equal(403, await StatusAsync(Bearer(publisher), "abc"));
        Assert.Equal(403, await StatusAsync(Bearer(publisher), Given.Organization().ToString()));
        Assert.Equal(404, await StatusAsync(Bearer(reader), "abc"));
        Assert.Equal(404, await StatusAsync(Bearer(reader), Given.Organization().ToString()));

        async Task<int> StatusAsync(HttpRequest request, string organization) =>
            (await (await DecideAsync(s_read, request, organization)).Refusal!.ReplyAsync()).Status;
    }

    [Fact]
    public async Task What_is_for_everybody_needs_no_key_and_takes_no_wrong_one()
    {
        Assert.Equal(new AccessDecision(null, null, null), await DecideAsync(s_anonymous, Requests.Get()));
        Assert.Equal(_admin, (await DecideAsync(s_anonymous, Bearer(AdminKey))).Caller);
        Assert.Equal(401, (await (await DecideAsync(s_anonymous, Bearer("es_unknown"))).Refusal!.ReplyAsync()).Status);
        Assert.Equal(401, (await (await DecideAsync(s_anonymous, ApiKeyHeader("unknown"))).Refusal!.ReplyAsync()).Status);
    }

    [Theory]
    [InlineData("Basic dXNlcjpwdw==")]
    [InlineData("Bearer eyJhbGciOiJub25lIn0.e30.")]
    [InlineData("")]
    public async Task What_is_for_everybody_does_not_mind_what_a_proxy_asks_for(string authorization)
    {
        Assert.Equal(new AccessDecision(null, null, null), await DecideAsync(s_anonymous, Header(authorization)));
        Assert.Equal(_admin, (await DecideAsync(s_anonymous, ApiKeyHeader(AdminKey, authorization))).Caller);
    }

    [Fact]
    public async Task What_is_for_everybody_is_so_when_the_keys_cannot_be_read()
    {
        var table = new Mock<TableClient>();
        table
            .Setup(client =>
                client.GetEntityIfExistsAsync<TableEntity>(
                    It.IsAny<string>(),
                    It.IsAny<string>(),
                    It.IsAny<IEnumerable<string>>(),
                    It.IsAny<CancellationToken>()
                )
            )
            .ThrowsAsync(new Azure.RequestFailedException(503, "busy"));
        var tables = new Mock<TableServiceClient>();
        tables.Setup(client => client.GetTableClient(TableNames.ApiKeys)).Returns(table.Object);
        var policy = new AccessPolicy(NewAuthenticator(new ApiKeyStore(tables.Object)), _clock);
        var key = ApiKey.NewText(_clock, Given.Mark).Text.Reveal();

        Assert.Equal(new AccessDecision(null, null, null), await policy.DecideAsync(s_anonymous, Bearer(key), default));
        await Assert.ThrowsAsync<Azure.RequestFailedException>(() => policy.DecideAsync(s_read, Bearer(key), default).AsTask());
    }

    [Fact]
    public async Task What_is_for_everybody_does_not_wait_for_keys_that_cannot_be_read()
    {
        var policy = new AccessPolicy(NewAuthenticator(new ApiKeyStore(new SilentTables())), _clock);
        var decision = policy.DecideAsync(s_anonymous, Bearer(ApiKey.NewText(_clock, Given.Mark).Text.Reveal()), default).AsTask();
        Assert.False(decision.IsCompleted);

        _clock.Advance(TimeSpan.FromSeconds(1.5));

        Assert.Equal(new AccessDecision(null, null, null), await decision.WaitAsync(Eventually.Deadline));
    }

    private static HttpRequest ApiKeyHeader(string key, string? authorization = null)
    {
        var request = authorization is null ? Requests.Get() : Header(authorization);
        request.Headers["x-api-key"] = key;
        return request;
    }

    /// <summary>A key's text as older versions made it.</summary>
    private (ApiKeyId Id, string Text) NewUnmarked()
    {
        var (id, text) = ApiKey.NewText(_clock, Given.Mark);
        return (id, text.Reveal()[..^KeyMark.Length]);
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

    private static string NewName() => Guid.NewGuid().ToString("N");

    private static HttpRequest Bearer(string key) => Header($"Bearer {key}");

    private static HttpRequest Header(params string[] values)
    {
        var request = Requests.Get();
        request.Headers.Authorization = values;
        return request;
    }

    private static ApiKeyId KeyId(Reply created)
    {
        Assert.True(ApiKeyId.TryParse(Id(created), out var id));
        return id;
    }

    private static string Id(Reply created) => created.Json.GetProperty("id").GetString()!;

    private static string Key(Reply created) => created.Json.GetProperty("key").GetString()!;

    private Authenticator NewAuthenticator(ApiKeyStore store, KeyMark? mark = null) =>
        new(store, mark ?? Given.Mark, new AccessOptions(new Secret(AdminKey)), _clock, NullLogger<Authenticator>.Instance);

    private ValueTask<AccessDecision> DecideAsync(Requirement requirement, HttpRequest request, string? organization = null)
    {
        if (organization is not null)
        {
            request.RouteValues["organizationId"] = organization;
        }

        return _policy.DecideAsync(requirement, request, default);
    }

    /// <summary>Issues a key; those whose name doesn't matter are called n.</summary>
    private Task<Reply> CreateAsync(string body, Caller? caller = null) =>
        IssueAsync(body.Replace("\"name\":\"n\"", $"\"name\":\"{NewName()}\"", StringComparison.Ordinal), caller);

    private Task<Reply> IssueAsync(string body, Caller? caller) =>
        _functions.CreateKey(Requests.Post(body), new TestFunctionContext(caller ?? _admin), default).Reply();

    private Task<Reply> ListAsync(Caller caller) =>
        _functions.ListKeys(Requests.Get("?pageSize=1000"), new TestFunctionContext(caller), default).Reply();

    private Task<Reply> RevokeAsync(string id, Caller caller) =>
        _functions.RevokeKey(Requests.Get(), id, new TestFunctionContext(caller), default).Reply();
}
