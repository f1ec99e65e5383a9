using System.Text.Json;
using Azure.Data.Tables;
using EventSubscriptions.Audit;
using EventSubscriptions.Destinations;
using EventSubscriptions.Events.Catalogue;
using EventSubscriptions.Http;
using EventSubscriptions.Organizations;
using EventSubscriptions.Subscriptions;
using EventSubscriptions.Tests.Http;
using EventSubscriptions.Tests.Storage;

namespace EventSubscriptions.Tests.Subscriptions;

public sealed class SubscriptionFunctionsOnAzuriteTests() : SubscriptionFunctionsTests(new AzuriteStores());

public sealed class SubscriptionFunctionsOnLocalStoresTests() : SubscriptionFunctionsTests(new LocalStores());

public abstract class SubscriptionFunctionsTests(ITableStores stores) : IAsyncLifetime
{
    private const string Valid =
        """{"name":"n","url":"https://example.com/hook?code=s3cret","token":"t0ken-of-some-length","events":["CaseClosedEvent"]}""";

    private static readonly EventCatalogue s_catalogue = EventCatalogue.Load();

    private readonly TestClock _clock = new(new DateTimeOffset(2026, 1, 31, 10, 0, 0, TimeSpan.Zero));
    private readonly OrganizationId _organization = Given.Organization();
    private TableServiceClient _tables = null!;
    private SubscriptionStore _store = null!;
    private SubscriptionCache _cache = null!;
    private SubscriptionFunctions _functions = null!;

    private TestFunctionContext Context => new(new Caller(Given.Actor("ops"), Role.Manage, null), _organization);

    public async Task InitializeAsync()
    {
        _tables = await stores.ConnectAsync();
        _store = Given.SubscriptionStore(_tables, _clock);
        _cache = new SubscriptionCache(_store, _clock);
        _functions = Functions(new LimitsOptions());
    }

    private SubscriptionFunctions Functions(LimitsOptions limits) =>
        new(
            _store,
            new SubscriptionHealthStore(_tables),
            new SubscriptionEditor(_store, _cache, _clock),
            new SubscriptionLimit(_store, limits, _clock),
            s_catalogue,
            new DestinationGuard(new DestinationOptions()),
            _clock
        );

    public Task DisposeAsync() => Task.CompletedTask;

    [Fact]
    public async Task Subscription_is_created_and_shown_without_its_secrets()
    {
        var created = await CreateAsync(Valid);

        Assert.Equal(201, created.Status);
        var id = created.Json.GetProperty("id").GetString();
        Assert.Equal($"/api/organizations/{_organization}/subscriptions/{id}", created.Headers.Location);
        Assert.Matches("^\"[^\"]+\"$", created.Headers.ETag.ToString());
        var secret = $"\"signingSecret\":\"{created.Json.GetProperty("signingSecret").GetString()}\",";
        Assert.Matches("whsec_[A-Za-z0-9+/]{43}=", secret);
        Assert.Equal(
            $$"""{"id":"{{id}}","organizationId":{{_organization}},"name":"n","url":"https://example.com/hook?code=***","tokenHint":"ngth",{{secret}}"events":["CaseClosedEvent"],"isActive":true,"health":{"state":"healthy","failures":0},"createdAt":"2026-01-31T10:00:00Z","updatedAt":"2026-01-31T10:00:00Z"}""",
            created.Body
        );

        var read = await GetAsync(id!);
        Assert.Equal(200, read.Status);
        Assert.Equal(created.Body.Replace(secret, "", StringComparison.Ordinal), read.Body);
        Assert.Equal(created.Headers.ETag, read.Headers.ETag);
    }

    [Fact]
    public async Task Hint_is_absent_when_the_token_is_short()
    {
        var created = await CreateAsync(Valid.Replace("t0ken-of-some-length", "elevenchars", StringComparison.Ordinal));

        Assert.False(created.Json.TryGetProperty("tokenHint", out _));
    }

    [Fact]
    public async Task Organization_has_no_more_subscriptions_than_it_may()
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
    public async Task Subscriptions_that_another_instance_adds_and_deletes_count_a_moment_later()
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

    [Fact]
    public async Task Patch_changes_and_answers_with_the_new_version()
    {
        var created = await CreateAsync(Valid);
        _clock.Advance(TimeSpan.FromMinutes(1));

        var patched = await PatchAsync(
            Id(created),
            """{"isActive":false,"token":"another-token-entirely"}""",
            created.Headers.ETag.ToString()
        );

        Assert.Equal(200, patched.Status);
        Assert.False(patched.Json.GetProperty("isActive").GetBoolean());
        Assert.Equal("rely", patched.Json.GetProperty("tokenHint").GetString());
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
    public async Task Url_that_leads_elsewhere_needs_the_token_again(string url)
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
    public async Task Url_that_leads_to_the_same_place_keeps_the_token(string url)
    {
        var created = await CreateAsync(Valid);

        Assert.Equal(200, (await PatchAsync(Id(created), $$"""{"url":"{{url}}"}""")).Status);
    }

    [Fact]
    public async Task Patch_that_changes_nothing_leaves_the_version_and_the_audit_log()
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
    public async Task Version_goes_on_when_the_clock_is_set_back()
    {
        var created = await CreateAsync(Valid);
        _clock.Jump(-TimeSpan.FromHours(1));

        var patched = await PatchAsync(Id(created), """{"name":"newer"}""");

        Assert.Equal("2026-01-31T10:00:00.0000001Z", patched.Json.GetProperty("updatedAt").GetString());
    }

    [Fact]
    public async Task Changes_without_a_version_all_come_through_when_they_meet()
    {
        var id = Id(await CreateAsync(Valid));

        var replies = await Task.WhenAll(
            PatchAsync(id, """{"name":"newer"}"""),
            PatchAsync(id, """{"description":"d"}"""),
            PatchAsync(id, """{"rateLimitPerSecond":5}""")
        );

        Assert.All(replies, reply => Assert.Equal(200, reply.Status));
        var read = (await GetAsync(id)).Json;
        Assert.Equal("newer", read.GetProperty("name").GetString());
        Assert.Equal("d", read.GetProperty("description").GetString());
        Assert.Equal(5, read.GetProperty("rateLimitPerSecond").GetInt32());
    }

    [Fact]
    public async Task One_change_with_a_version_comes_through_when_they_meet()
    {
        var created = await CreateAsync(Valid);

        var replies = await Task.WhenAll(
            Enumerable.Range(0, 5).Select(i => PatchAsync(Id(created), $$"""{"name":"name {{i}}"}""", created.Headers.ETag.ToString()))
        );

        Assert.Equal([200, 412, 412, 412, 412], replies.Select(reply => reply.Status).Order());
    }

    [Fact]
    public async Task Mistakes_are_all_named_at_once()
    {
        var reply = await CreateAsync("""{"name":"","url":"x","token":"a\nb","events":["Nope"],"isActive":"yes","colour":1}""");

        Assert.Equal(400, reply.Status);
        Assert.Equal(["name", "url", "token", "events[0]", "isActive", "colour"], reply.Errors.Keys);
        Assert.DoesNotContain("a\nb", reply.Body, StringComparison.Ordinal);
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
        var second = await ListAsync($"?pageSize=2&continuationToken={first.Json.GetProperty("continuationToken")}");
        Assert.Equal(ids[2..], Ids(second));
        Assert.Equal(JsonValueKind.Null, second.Json.GetProperty("continuationToken").ValueKind);
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

    [Fact]
    public async Task Change_is_seen_by_deliveries_at_once_where_it_was_made()
    {
        var created = await CreateAsync(Valid);
        Assert.True(SubscriptionId.TryParse(Id(created), out var id));
        Assert.True((await _cache.GetAsync(_organization, id, default))!.IsActive);

        await PatchAsync(Id(created), """{"isActive":false}""");
        Assert.False((await _cache.GetAsync(_organization, id, default))!.IsActive);

        await DeleteAsync(Id(created));
        Assert.Null(await _cache.GetAsync(_organization, id, default));
    }

    [Fact]
    public async Task Rotation_answers_with_a_new_secret_and_the_new_version()
    {
        var created = await CreateAsync(Valid);
        _clock.Advance(TimeSpan.FromMinutes(1));

        var rotated = await RotateAsync(Id(created), "{}");

        Assert.Equal(200, rotated.Status);
        Assert.Matches("""^{"signingSecret":"whsec_[A-Za-z0-9+/]{43}="}$""", rotated.Body);
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
    public async Task Secret_before_a_rotation_signs_for_the_overlap(string body, string overlap)
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
    public async Task Rotation_without_a_body_is_one_with_the_standard_overlap() =>
        Assert.Equal(200, (await RotateAsync(Id(await CreateAsync(Valid)), "", contentType: null)).Status);

    [Theory]
    [InlineData("""{"overlap":"30.00:00:00.001"}""", "overlap")]
    [InlineData("""{"overlap":"24"}""", "overlap")]
    [InlineData("""{"overlap":"-00:00:01"}""", "overlap")]
    [InlineData("""{"overlap":3600}""", "overlap")]
    [InlineData("""{"overlpa":"00:00:01"}""", "overlpa")]
    [InlineData("[]", "body")]
    public async Task Rotation_is_refused_when_its_body_is_wrong(string body, string field)
    {
        var reply = await RotateAsync(Id(await CreateAsync(Valid)), body);

        Assert.Equal(400, reply.Status);
        Assert.Equal([field], reply.Errors.Keys);
        Assert.Single(await AuditAsync());
    }

    [Fact]
    public async Task Rotation_is_refused_when_the_version_is_stale_or_there_is_no_subscription()
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

        Assert.Equal("subscription.secretRotated", entry.GetProperty("type").GetString());
        Assert.Equal("ops", entry.GetProperty("actor").GetString());
        Assert.Equal(
            """{"signingSecret":{"from":"***","to":"***"},"previousSecretUntil":{"from":null,"to":"2026-01-31T11:00:01Z"}}""",
            entry.GetProperty("changes").GetRawText()
        );
        Assert.DoesNotContain(
            await AuditAsync(),
            one =>
                one.GetRawText().Contains(Secret(created), StringComparison.Ordinal)
                || one.GetRawText().Contains(Secret(rotated), StringComparison.Ordinal)
        );
    }

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
            entries.Select(entry => entry.GetProperty("type").GetString())
        );
        Assert.All(entries, entry => Assert.Equal("ops", entry.GetProperty("actor").GetString()));
        Assert.All(entries, entry => Assert.Equal(id, entry.GetProperty("subscriptionId").GetString()));
        Assert.Equal(
            """{"name":{"from":"n","to":"newer"},"url":{"from":"https://example.com/hook?code=***","to":"https://example.com/hook?code=***"},"token":{"from":"***","to":"***"}}""",
            entries[3].GetProperty("changes").GetRawText()
        );
        Assert.Equal("""{"isActive":{"from":true,"to":false}}""", entries[2].GetProperty("changes").GetRawText());
        Assert.DoesNotContain(
            entries,
            entry =>
                entry.GetRawText().Contains("t0ken", StringComparison.Ordinal)
                || entry.GetRawText().Contains("s3cret", StringComparison.Ordinal)
        );
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
            (await AuditReplyAsync(query))
                .Json.GetProperty("items")
                .EnumerateArray()
                .Select(entry => entry.GetProperty("subscriptionId").GetString());
    }

    private static string Id(Reply reply) => reply.Json.GetProperty("id").GetString()!;

    private static string Secret(Reply reply) => reply.Json.GetProperty("signingSecret").GetString()!;

    private static List<string> Ids(Reply reply) =>
        [.. reply.Json.GetProperty("items").EnumerateArray().Select(item => item.GetProperty("id").GetString()!)];

    private Task<Reply> CreateAsync(string body) => _functions.CreateSubscription(Requests.Post(body), Context, default).Reply();

    private Task<Reply> GetAsync(string id) => _functions.GetSubscription(Requests.Get(), id, Context, default).Reply();

    private Task<Reply> ListAsync(string query) => _functions.ListSubscriptions(Requests.Get(query), Context, default).Reply();

    private Task<Reply> PatchAsync(string id, string body, params string[] ifMatch) =>
        _functions.ChangeSubscription(With(Requests.Post(body, "application/merge-patch+json"), ifMatch), id, Context, default).Reply();

    private Task<Reply> RotateAsync(string id, string body, string? ifMatch = null, string? contentType = "application/json") =>
        _functions.RotateSecret(With(Requests.Post(body, contentType), ifMatch is null ? [] : [ifMatch]), id, Context, default).Reply();

    private Task<Reply> DeleteAsync(string id, params string[] ifMatch) =>
        _functions.DeleteSubscription(With(Requests.Get(), ifMatch), id, Context, default).Reply();

    private static Microsoft.AspNetCore.Http.HttpRequest With(Microsoft.AspNetCore.Http.HttpRequest request, string[] ifMatch) =>
        ifMatch.Length == 0 ? request : request.IfMatch(ifMatch);

    private async Task<List<JsonElement>> AuditAsync() => [.. (await AuditReplyAsync("")).Json.GetProperty("items").EnumerateArray()];

    private Task<Reply> AuditReplyAsync(string query) =>
        new AuditLogFunctions(new AuditLog(_tables, _clock), _store).ListAuditLog(Requests.Get(query), Context, default).Reply();
}
