using EventSubscriptions.Tests.Http;
using EventSubscriptions.Tests.Storage;

namespace EventSubscriptions.Tests.Subscriptions;

public sealed class SecretRotationOnAzuriteTests() : SecretRotationTests(new AzuriteStores());

public sealed class SecretRotationOnEmbeddedTests() : SecretRotationTests(new LocalStores());

public abstract class SecretRotationTests(ITableStores stores) : SubscriptionFunctionsTestBase(stores)
{
    [Fact]
    public async Task Rotation_returns_a_new_secret_and_the_new_version()
    {
        var created = await CreateAsync(Valid);
        _clock.Advance(TimeSpan.FromMinutes(1));

        var rotated = await RotateAsync(Id(created), "{}");

        Assert.Equal(200, rotated.Status);
        Assert.Matches("""^{"signingSecret":"whsec_[A-Za-z0-9+/]{43}=","previousSecretUntil":"2026-02-01T10:01:00Z"}$""", rotated.Body);
        Assert.NotEqual(Secret(created), Secret(rotated));
        var read = await GetAsync(Id(created));
        Assert.Equal(read.Headers.ETag, rotated.Headers.ETag);
        Assert.Equal("2026-01-31T10:01:00Z", read.Json.GetProperty("updatedAt").GetString());
    }

    [Theory]
    [InlineData("{}", "1.00:00:00")]
    [InlineData("""{"overlap":null}""", "1.00:00:00")]
    [InlineData("""{"overlap":"24:00:00"}""", "1.00:00:00")]
    [InlineData("""{"overlap":"00:00:00.5"}""", "00:00:00.5")]
    [InlineData("""{"overlap":"30.00:00:00"}""", "30.00:00:00")]
    public async Task Previous_secret_signs_until_the_overlap_ends(string body, string overlap)
    {
        var created = await CreateAsync(Valid);
        var rotated = await RotateAsync(Id(created), body);

        Assert.True(SubscriptionId.TryParse(Id(created), out var id));
        var secrets = (await _cache.GetAsync(_organization, id, default))!.SigningSecrets.All.ToArray();
        Assert.Equal(
            [(Secret(rotated), DateTimeOffset.MaxValue), (Secret(created), _clock.GetUtcNow() + TimeSpan.Parse(overlap, null))],
            secrets.Select(secret => (secret.Secret.Reveal(), secret.Until))
        );
    }

    [Fact]
    public async Task Previous_secret_has_no_end_in_the_response_when_it_does_not_sign_any_more()
    {
        var rotated = await RotateAsync(Id(await CreateAsync(Valid)), """{"overlap":"00:00:00"}""");

        Assert.False(rotated.Json.TryGetProperty("previousSecretUntil", out _));
    }

    [Fact]
    public async Task Rotation_succeeds_without_a_body() =>
        Assert.Equal(200, (await RotateAsync(Id(await CreateAsync(Valid)), "", contentType: null)).Status);

    [Theory]
    [InlineData("""{"overlap":"30.00:00:00.001"}""", "overlap")]
    [InlineData("""{"overlap":"24"}""", "overlap")]
    [InlineData("""{"overlap":"-00:00:01"}""", "overlap")]
    [InlineData("""{"overlap":3600}""", "overlap")]
    [InlineData("""{"overlpa":"00:00:01"}""", "overlpa")]
    [InlineData("[]", "body")]
    public async Task Rotation_is_refused_when_its_body_is_invalid(string body, string field)
    {
        var reply = await RotateAsync(Id(await CreateAsync(Valid)), body);

        Assert.Equal(400, reply.Status);
        Assert.Equal([field], reply.Errors.Keys);
        Assert.Single(await AuditAsync());
    }

    [Fact]
    public async Task Rotation_is_refused_when_the_version_is_stale_or_the_subscription_is_unknown()
    {
        var created = await CreateAsync(Valid);
        var first = await RotateAsync(Id(created), "{}", created.Headers.ETag.ToString());

        Assert.Equal(200, first.Status);
        Assert.Equal(412, (await RotateAsync(Id(created), "{}", created.Headers.ETag.ToString())).Status);
        Assert.Equal(200, (await RotateAsync(Id(created), "{}", first.Headers.ETag.ToString())).Status);
        Assert.Equal(404, (await RotateAsync("sub_x", "{}")).Status);
        Assert.Equal(404, (await RotateAsync(SubscriptionId.New(_clock).ToString(), "{}")).Status);
    }

    [Fact]
    public async Task Rotation_is_in_the_audit_log_without_the_secret()
    {
        var created = await CreateAsync(Valid);
        _clock.Advance(TimeSpan.FromSeconds(1));
        var rotated = await RotateAsync(Id(created), """{"overlap":"01:00:00"}""");

        var entry = (await AuditAsync())[0];

        Assert.Equal(("subscription.secretRotated", "ops"), (entry.Type, entry.Actor));
        Assert.Equal(
            """{"signingSecret":{"from":"***","to":"***"},"previousSecretUntil":{"from":null,"to":"2026-01-31T11:00:01Z"}}""",
            ClientJson.Write(entry.Changes!)
        );
        var log = (await AuditReplyAsync("")).Body;
        Assert.DoesNotContain(Secret(created), log, StringComparison.Ordinal);
        Assert.DoesNotContain(Secret(rotated), log, StringComparison.Ordinal);
    }

    private static string Secret(Reply reply) => reply.Json.GetProperty("signingSecret").GetString()!;

    private Task<Reply> RotateAsync(string id, string body, string? ifMatch = null, string? contentType = "application/json") =>
        _functions.RotateSecret(With(Requests.Post(body, contentType), ifMatch is null ? [] : [ifMatch]), id, Context, default).Reply();
}
