using EventSubscriptions.Access;
using EventSubscriptions.Audit;
using EventSubscriptions.Http;
using EventSubscriptions.Organizations;
using EventSubscriptions.Secrets;
using EventSubscriptions.Tests.Http;
using EventSubscriptions.Tests.Storage;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;

namespace EventSubscriptions.Tests.Access;

/// <summary>The functions and checks of access keys, on a clock that the test moves.</summary>
public abstract class AccessTestBase(ITableStores stores) : IAsyncLifetime
{
    private protected const string AdminKey = "admin-key-of-32-characters-or-so";

    private protected static readonly Requirement s_read = new(false, [Role.Read]);
    private protected static readonly Requirement s_anonymous = new(true, []);

    private protected readonly TestClock _clock = new(new DateTimeOffset(2026, 1, 31, 10, 0, 0, TimeSpan.Zero));
    private protected readonly OrganizationId _organization = Given.Organization();
    private protected readonly Caller _admin = new(new Actor(Authenticator.AdminKeyId, Authenticator.AdminKeyName), Role.Admin, null);
    private protected ApiKeyStore _store = null!;
    private protected AuditLog _auditLog = null!;
    private protected Authenticator _authenticator = null!;
    private ApiKeyFunctions _functions = null!;
    private AccessPolicy _policy = null!;

    private protected Caller BoundAdmin => new(Given.Actor("bound"), Role.Admin, _organization);

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

    private protected static HttpRequest ApiKeyHeader(string key, string? authorization = null)
    {
        var request = authorization is null ? Requests.Get() : Header(authorization);
        request.Headers["x-api-key"] = key;
        return request;
    }

    private protected static string NewName() => Guid.NewGuid().ToString("N");

    private protected static HttpRequest Bearer(string key) => Header($"Bearer {key}");

    private protected static HttpRequest Header(params string[] values)
    {
        var request = Requests.Get();
        request.Headers.Authorization = values;
        return request;
    }

    private protected static ApiKeyId KeyId(Reply created)
    {
        Assert.True(ApiKeyId.TryParse(Id(created), out var id));
        return id;
    }

    private protected static string Id(Reply created) => created.Read<KeyResult>().Id;

    private protected static string Key(Reply created) => created.Read<KeyResult>().Key!;

    private protected Authenticator NewAuthenticator(ApiKeyStore store, KeyMark? mark = null) =>
        new(store, mark ?? Given.Mark, new AccessOptions(new Secret(AdminKey)), _clock, NullLogger<Authenticator>.Instance);

    private protected ValueTask<AccessDecision> DecideAsync(Requirement requirement, HttpRequest request, string? organization = null)
    {
        if (organization is not null)
        {
            request.RouteValues["organizationId"] = organization;
        }

        return _policy.DecideAsync(requirement, request, default);
    }

    /// <summary>The status of a refused request.</summary>
    private protected async Task<int> StatusAsync(Requirement requirement, HttpRequest request, string? organization = null) =>
        (await (await DecideAsync(requirement, request, organization)).Refusal!.ReplyAsync()).Status;

    /// <summary>Issues a key; those whose name doesn't matter are called n.</summary>
    private protected Task<Reply> CreateAsync(string body, Caller? caller = null) =>
        IssueAsync(body.Replace("\"name\":\"n\"", $"\"name\":\"{NewName()}\"", StringComparison.Ordinal), caller);

    private Task<Reply> IssueAsync(string body, Caller? caller) =>
        _functions.CreateKey(Requests.Post(body), new TestFunctionContext(caller ?? _admin), default).Reply();

    private protected Task<Reply> ListAsync(Caller caller) =>
        _functions.ListKeys(Requests.Get("?pageSize=1000"), new TestFunctionContext(caller), default).Reply();

    private protected Task<Reply> RevokeAsync(string id, Caller caller) =>
        _functions.RevokeKey(Requests.Get(), id, new TestFunctionContext(caller), default).Reply();
}
