using Azure.Data.Tables;
using EventSubscriptions.Access;
using EventSubscriptions.Storage;
using EventSubscriptions.Tests.Http;
using EventSubscriptions.Tests.Storage;
using Microsoft.AspNetCore.Http;
using Moq;

namespace EventSubscriptions.Tests.Access;

public sealed class AccessPolicyOnAzuriteTests() : AccessPolicyTests(new AzuriteStores());

public sealed class AccessPolicyOnEmbeddedTests() : AccessPolicyTests(new LocalStores());

public abstract class AccessPolicyTests(ITableStores stores) : AccessTestBase(stores)
{
    [Fact]
    public async Task Request_is_unauthorized_when_it_has_no_valid_key()
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
    public async Task Key_is_read_from_either_header()
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
    public async Task Api_key_header_is_preferred_when_both_headers_are_sent(string authorization)
    {
        Assert.Equal(_admin, (await DecideAsync(s_read, ApiKeyHeader(AdminKey, authorization))).Caller);
        Assert.Equal(401, await StatusAsync(s_read, ApiKeyHeader("wrong", $"Bearer {AdminKey}")));
    }

    [Theory]
    [InlineData("00")]
    [InlineData("-1")]
    [InlineData("01")]
    [InlineData("2147483648")]
    [InlineData("abc")]
    public async Task Organization_is_not_found_when_its_id_is_invalid(string organization) =>
        Assert.Equal(404, await StatusAsync(s_read, Bearer(AdminKey), organization));

    [Fact]
    public async Task Refusal_checks_key_before_role_before_organization()
    {
        var publisher = Key(await CreateAsync($$"""{"name":"{{NewName()}}","role":"publish","organizationId":{{_organization}}}"""));
        var reader = Key(await CreateAsync($$"""{"name":"{{NewName()}}","role":"read","organizationId":{{_organization}}}"""));

        Assert.Equal(401, await StatusAsync(s_read, Bearer("unknown"), "abc"));
        Assert.Equal(403, await StatusAsync(s_read, Bearer(publisher), "abc"));
        Assert.Equal(403, await StatusAsync(s_read, Bearer(publisher), Given.Organization().ToString()));
        Assert.Equal(404, await StatusAsync(s_read, Bearer(reader), "abc"));
        Assert.Equal(404, await StatusAsync(s_read, Bearer(reader), Given.Organization().ToString()));
    }

    [Fact]
    public async Task Anonymous_operation_needs_no_key_and_rejects_an_invalid_one()
    {
        Assert.Equal(new AccessDecision(null, null, null), await DecideAsync(s_anonymous, Requests.Get()));
        Assert.Equal(_admin, (await DecideAsync(s_anonymous, Bearer(AdminKey))).Caller);
        Assert.Equal(401, await StatusAsync(s_anonymous, Bearer("es_unknown")));
        Assert.Equal(401, await StatusAsync(s_anonymous, ApiKeyHeader("unknown")));
    }

    [Theory]
    [InlineData("Basic dXNlcjpwdw==")]
    [InlineData("Bearer eyJhbGciOiJub25lIn0.e30.")]
    [InlineData("")]
    public async Task Anonymous_operation_ignores_the_authorization_of_a_proxy(string authorization)
    {
        Assert.Equal(new AccessDecision(null, null, null), await DecideAsync(s_anonymous, Header(authorization)));
        Assert.Equal(_admin, (await DecideAsync(s_anonymous, ApiKeyHeader(AdminKey, authorization))).Caller);
    }

    [Fact]
    public async Task Anonymous_operation_is_allowed_when_keys_cannot_be_read()
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
    public async Task Anonymous_operation_is_allowed_after_a_short_wait_when_the_key_table_does_not_respond()
    {
        var policy = new AccessPolicy(NewAuthenticator(new ApiKeyStore(new SilentTables())), _clock);
        var decision = policy.DecideAsync(s_anonymous, Bearer(ApiKey.NewText(_clock, Given.Mark).Text.Reveal()), default).AsTask();
        Assert.False(decision.IsCompleted);

        _clock.Advance(TimeSpan.FromSeconds(1.5));

        Assert.Equal(new AccessDecision(null, null, null), await decision.WaitAsync(Eventually.Deadline));
    }
}
