using EventSubscriptions.Access;
using EventSubscriptions.Audit;
using EventSubscriptions.Http;
using EventSubscriptions.Storage;
using EventSubscriptions.Tests.Storage;

namespace EventSubscriptions.Tests.Access;

public sealed class ApiKeyFunctionsOnAzuriteTests() : ApiKeyFunctionsTests(new AzuriteStores());

public sealed class ApiKeyFunctionsOnEmbeddedTests() : ApiKeyFunctionsTests(new LocalStores());

public abstract class ApiKeyFunctionsTests(ITableStores stores) : AccessTestBase(stores)
{
    [Fact]
    public async Task Key_is_shown_once_and_accepted_when_it_is_created()
    {
        var created = await CreateAsync(
            $$"""{"name":"reader","role":"read","organizationId":{{_organization}},"expiresAt":"2026-02-01T00:00:00Z"}"""
        );

        Assert.Equal(201, created.Status);
        var (id, key) = (Id(created), Key(created));
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
        Assert.Contains(id, listed.Body, StringComparison.Ordinal);
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
    public async Task Key_is_not_created_when_a_field_is_invalid(string body, string field)
    {
        var reply = await CreateAsync(body);

        Assert.Equal(400, reply.Status);
        Assert.Equal([field], reply.Errors.Keys);
    }

    [Theory]
    [InlineData("")]
    [InlineData(""","organizationId":2147483647""")]
    public async Task Bound_admin_creates_keys_for_its_organization_only(string organization)
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

        Assert.Equal("mine", Assert.Single((await ListAsync(BoundAdmin)).Read<PageResult<KeyResult>>().Items).Name);
        Assert.Equal(404, (await RevokeAsync(Id(others), BoundAdmin)).Status);
        Assert.Equal(404, (await RevokeAsync(Id(unbound), BoundAdmin)).Status);
        Assert.Equal(204, (await RevokeAsync(Id(mine), BoundAdmin)).Status);
        Assert.Equal(204, (await RevokeAsync(Id(others), _admin)).Status);
        Assert.Equal(404, (await RevokeAsync(Id(others), _admin)).Status);
        Assert.Equal(404, (await RevokeAsync("nonsense", _admin)).Status);
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

    [Theory]
    [InlineData("Operations", true)]
    [InlineData("OPERATIONS", true)]
    [InlineData(" operations ", true)]
    [InlineData("Operations 2", false)]
    public async Task Name_of_a_key_is_unique_ignoring_case_and_spaces(string name, bool isTaken)
    {
        var number = NewName();
        await CreateAsync($$"""{"name":"{{number}} Operations","role":"read","organizationId":{{_organization}}}""", BoundAdmin);

        var reply = await CreateAsync($$"""{"name":"{{number}}  {{name}}","role":"read","organizationId":{{_organization}}}""", BoundAdmin);

        Assert.Equal(isTaken ? 409 : 201, reply.Status);
    }

    [Fact]
    public async Task Name_of_a_key_is_unique_among_keys_that_can_be_in_one_audit_log()
    {
        var (bound, unbound) = (NewName(), NewName());
        await CreateAsync($$"""{"name":"{{bound}}","role":"read","organizationId":{{_organization}}}""");
        await CreateAsync($$"""{"name":"{{unbound}}","role":"read"}""");

        Assert.Equal(409, (await CreateAsync($$"""{"name":"{{bound}}","role":"read"}""")).Status);
        Assert.Equal(
            409,
            (await CreateAsync($$"""{"name":"{{unbound}}","role":"read","organizationId":{{_organization}}}""", BoundAdmin)).Status
        );

        // Names of other organizations do not matter.
        var others = Given.Organization();
        Assert.Equal(201, (await CreateAsync($$"""{"name":"{{bound}}","role":"read","organizationId":{{others}}}""")).Status);
    }

    [Fact]
    public async Task Name_of_a_key_can_be_reused_when_the_key_is_revoked()
    {
        var name = NewName();
        await RevokeAsync(Id(await CreateAsync($$"""{"name":"{{name}}","role":"read"}""")), _admin);

        Assert.Equal(201, (await CreateAsync($$"""{"name":"{{name}}","role":"read"}""")).Status);
    }

    [Fact]
    public async Task Name_of_a_key_is_unique_when_keys_are_created_at_the_same_time()
    {
        var name = NewName();

        await Task.WhenAll(
            Enumerable.Range(0, 8).Select(_ => CreateAsync($$"""{"name":"{{name}}","role":"read","organizationId":{{_organization}}}"""))
        );

        Assert.InRange((await ListAsync(BoundAdmin)).Read<PageResult<KeyResult>>().Items.Count(key => key.Name == name), 0, 1);
    }
}
