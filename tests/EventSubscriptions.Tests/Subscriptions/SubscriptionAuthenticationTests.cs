using Azure.Data.Tables;
using EventSubscriptions.Secrets;
using EventSubscriptions.Storage;
using EventSubscriptions.Subscriptions.Authentication;
using EventSubscriptions.Tests.Http;
using EventSubscriptions.Tests.Storage;

namespace EventSubscriptions.Tests.Subscriptions;

public sealed class SubscriptionAuthenticationOnAzuriteTests() : SubscriptionAuthenticationTests(new AzuriteStores());

public sealed class SubscriptionAuthenticationOnLocalStoresTests() : SubscriptionAuthenticationTests(new LocalStores());

public abstract class SubscriptionAuthenticationTests(ITableStores stores) : SubscriptionFunctionsTestBase(stores)
{
    private const string OAuth2 =
        """{"type":"oauth2","tokenUrl":"https://login.example.com/token?k=s3cret-1","clientId":"c","clientSecret":"s3cret-2","scope":"s"}""";

    [Theory]
    [InlineData("""{"type":"bearer","token":"s3cret-token-0123"}""", """{"type":"bearer"}""")]
    [InlineData("""{"type":"basic","username":"u","password":"s3cret"}""", """{"type":"basic","username":"u"}""")]
    [InlineData("""{"type":"header","name":"X-Api-Key","value":"s3cret"}""", """{"type":"header","name":"X-Api-Key"}""")]
    [InlineData("""{"type":"none"}""", """{"type":"none"}""")]
    [InlineData(
        OAuth2,
        """{"type":"oauth2","tokenUrl":"https://login.example.com/token?k=***","clientId":"c","scope":"s","clientAuthentication":"basic"}"""
    )]
    public async Task Authentication_is_stored_and_shown_without_secrets(string authentication, string shown)
    {
        var created = await CreateAsync(With(authentication));

        Assert.Equal(201, created.Status);
        Assert.Equal(shown, created.Json.GetProperty("authentication").GetRawText());
        var read = await GetAsync(Id(created));
        Assert.Equal(shown, read.Json.GetProperty("authentication").GetRawText());
        Assert.DoesNotContain("s3cret-", read.Body, StringComparison.Ordinal);
        Assert.Equal(
            authentication.Contains("bearer", StringComparison.Ordinal),
            read.Body.Contains("tokenHint", StringComparison.Ordinal)
        );
        var row = (await RowAsync(Id(created))).Select(column => column.Value).ToList();
        Assert.All(row.OfType<byte[]>(), value => Assert.Equal(-1, value.AsSpan().IndexOf("s3cret"u8)));
        Assert.DoesNotContain(row.OfType<string>(), value => value.Contains("s3cret", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("""{}""", "authentication.type")]
    [InlineData("""[]""", "authentication")]
    [InlineData("""{"type":"digest"}""", "authentication.type")]
    [InlineData("""{"type":"bearer"}""", "authentication.token")]
    [InlineData("""{"type":"bearer","token":"a b"}""", "authentication.token")]
    [InlineData("""{"type":"basic","username":"a:b","password":"p"}""", "authentication.username")]
    [InlineData("""{"type":"basic","username":"a\n"}""", "authentication.username,authentication.password")]
    [InlineData("""{"type":"basic","username":"a","password":"p","token":"t"}""", "authentication.token")]
    [InlineData("""{"type":"header","name":"Host","value":"x"}""", "authentication.name")]
    [InlineData("""{"type":"header","name":"Webhook-Id","value":"x"}""", "authentication.name")]
    [InlineData("""{"type":"header","name":"a b","value":" x"}""", "authentication.name,authentication.value")]
    [InlineData("""{"type":"header","name":"X","value":"a\r\nY: b"}""", "authentication.value")]
    [InlineData(
        """{"type":"oauth2","tokenUrl":"http://example.com/","clientId":"","clientAuthentication":"none"}""",
        "authentication.tokenUrl,authentication.clientId,authentication.clientSecret,authentication.clientAuthentication"
    )]
    [InlineData("""{"type":"bearer","token":"***"}""", "authentication.token")]
    [InlineData("""{"type":"basic","username":"u","password":"***"}""", "authentication.password")]
    [InlineData("""{"type":"header","name":"X-Api-Key","value":"***"}""", "authentication.value")]
    [InlineData(
        """{"type":"oauth2","tokenUrl":"https://login.example.com/","clientId":"c","clientSecret":"***"}""",
        "authentication.clientSecret"
    )]
    [InlineData("""{"type":"managedIdentity"}""", "authentication.resource")]
    [InlineData("""{"type":"managedIdentity","resource":"api://receiver"}""", "authentication.resource")]
    [InlineData("""{"type":"oauth2","tokenUrl":"https://10.0.0.1/","clientId":"c","clientSecret":"s"}""", "authentication.tokenUrl")]
    public async Task Authentication_is_refused_when_a_field_is_not_valid(string authentication, string fields)
    {
        Assert.Equal(fields.Split(','), (await CreateAsync(With(authentication))).Errors.Keys);
        var id = Id(await CreateAsync(Valid));
        Assert.Equal(fields.Split(','), (await PatchAsync(id, "{\"authentication\":" + authentication + "}")).Errors.Keys);
    }

    [Fact]
    public async Task Token_or_authentication_is_required_but_not_both()
    {
        const string Neither = """{"name":"n","url":"https://example.com/","events":["*"]}""";
        const string Both = """{"name":"n","url":"https://example.com/","events":["*"],"token":"t","authentication":{"type":"none"}}""";

        Assert.Equal(["token"], (await CreateAsync(Neither)).Errors.Keys);
        Assert.Equal(["token"], (await CreateAsync(Both)).Errors.Keys);
        var id = Id(await CreateAsync(Valid));
        Assert.Equal(["token"], (await PatchAsync(id, """{"token":"t","authentication":{"type":"none"}}""")).Errors.Keys);
        Assert.Equal(["authentication"], (await PatchAsync(id, """{"authentication":null}""")).Errors.Keys);
        Assert.Equal(200, (await PatchAsync(id, """{"authentication":{"type":"none"}}""")).Status);
    }

    [Fact]
    public async Task Secrets_are_required_again_when_the_url_leads_elsewhere()
    {
        var body = With("""{"type":"basic","username":"u","password":"p"}""")
            .Replace("\"events\"", "\"headers\":{\"X-One\":\"1\",\"X-Two\":\"2\"},\"events\"", StringComparison.Ordinal);
        var id = Id(await CreateAsync(body));

        Assert.Equal(["authentication", "headers.X-One", "headers.X-Two"], (await MoveAsync("")).Errors.Keys);
        Assert.Equal(["authentication", "headers.X-Two"], (await MoveAsync(""", "headers":{"x-one":"new"}""")).Errors.Keys);
        Assert.Equal(["headers.X-One", "headers.X-Two"], (await MoveAsync(""", "token":"t" """)).Errors.Keys);
        Assert.Equal(200, (await MoveAsync(""", "token":"t","headers":{"X-One":null,"X-Two":"2"}""")).Status);
        Assert.Equal(["X-Two"], (await GetAsync(id)).Read<SubscriptionResult>().HeaderNames);
        Assert.Equal(200, (await PatchAsync(id, """{"url":"https://example.org/?other=query"}""")).Status);
        Assert.Equal(200, (await PatchAsync(id, """{"url":"https://example.net/","token":"t","headers":null}""")).Status);

        Task<Reply> MoveAsync(string more) => PatchAsync(id, "{\"url\":\"https://example.org/\"" + more + "}");
    }

    [Theory]
    [InlineData("""{"Authorization":"x"}""", "headers.Authorization")]
    [InlineData("""{"content-type":"x"}""", "headers.content-type")]
    [InlineData("""{"Proxy-Authorization":"x"}""", "headers.Proxy-Authorization")]
    [InlineData("""{"Transfer-Encoding":"chunked"}""", "headers.Transfer-Encoding")]
    [InlineData("""{"webhook-signature":"x"}""", "headers.webhook-signature")]
    [InlineData("""{"X":""}""", "headers.X")]
    [InlineData("""{"X":"a\nb"}""", "headers.X")]
    [InlineData("""{"X":"ü"}""", "headers.X")]
    [InlineData("""{"X":1}""", "headers.X")]
    [InlineData("""{"X":"a","x":"b"}""", "headers.x")]
    [InlineData("[]", "headers")]
    [InlineData("""{"X-A":"***"}""", "headers.X-A")]
    public async Task Headers_are_refused_when_they_are_not_valid(string headers, string field) =>
        Assert.Equal(
            [field],
            (await CreateAsync(Valid.Replace("\"events\"", $"\"headers\":{headers},\"events\"", StringComparison.Ordinal))).Errors.Keys
        );

    [Fact]
    public async Task Headers_are_merged_by_name_and_limited()
    {
        var id = Id(await CreateAsync(Valid));
        var many = string.Join(',', Enumerable.Range(0, 16).Select(i => $"\"X-{i}\":\"v\""));

        Assert.Equal(200, (await PatchAsync(id, "{\"headers\":{" + many + "}}")).Status);
        Assert.Equal(["headers"], (await PatchAsync(id, """{"headers":{"X-16":"v"}}""")).Errors.Keys);
        Assert.Equal(200, (await PatchAsync(id, """{"headers":{"x-0":null,"X-16":"v"}}""")).Status);
        Assert.Equal(16, (await GetAsync(id)).Read<SubscriptionResult>().HeaderNames!.Count);
        var large = string.Join(',', Enumerable.Range(0, 9).Select(i => $"\"X-{i}\":\"{new string('v', 2048)}\""));
        Assert.Equal(["headers"], (await PatchAsync(id, "{\"headers\":{" + large + "}}")).Errors.Keys);
    }

    [Fact]
    public async Task Changes_are_audited_without_secrets()
    {
        var id = Id(await CreateAsync(Valid));

        await PatchAsync(id, """{"authentication":{"type":"basic","username":"u","password":"s3cret-password"}}""");
        await PatchAsync(id, """{"headers":{"X-Api-Key":"s3cret-key"}}""");
        await PatchAsync(id, """{"headers":{"X-Api-Key":"s3cret-other"}}""");

        var text = (await AuditReplyAsync("")).Body;
        Assert.Contains("\"authentication\":{\"from\":\"bearer ***\",\"to\":\"basic u:***\"}", text, StringComparison.Ordinal);
        Assert.Contains("\"headers\":{\"from\":null,\"to\":\"X-Api-Key: ***\"}", text, StringComparison.Ordinal);
        Assert.Contains("\"headers\":{\"from\":\"X-Api-Key: ***\",\"to\":\"X-Api-Key: ***\"}", text, StringComparison.Ordinal);
        Assert.DoesNotContain("s3cret-", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Stored_authentication_is_the_one_that_was_written()
    {
        SubscriptionAuthentication[] all =
        [
            new SubscriptionAuthentication.Bearer(new Secret("t")),
            new SubscriptionAuthentication.Basic("ü", new Secret("p\"w")),
            new SubscriptionAuthentication.Header("X", new Secret("a b")),
            new SubscriptionAuthentication.OAuth2(
                new Uri("https://example.com/t?a=b"),
                "c",
                new Secret("s"),
                "scope",
                null,
                ClientAuthentication.Body
            ),
            new SubscriptionAuthentication.ManagedIdentity("api://receiver"),
            new SubscriptionAuthentication.None(),
        ];

        Assert.All(all, one => Assert.Equal(one, AuthenticationFields.Parse(AuthenticationFields.Write(one))));
    }

    private async Task<TableEntity> RowAsync(string id) =>
        (await _tables.GetTableClient(TableNames.Subscriptions).GetEntityAsync<TableEntity>($"{_organization}", $"s:{id}")).Value;

    private static string With(string authentication) =>
        $$"""{"name":"n","url":"https://example.com/hook?code=s3cret","authentication":{{authentication}},"events":["CaseClosedEvent"]}""";
}
