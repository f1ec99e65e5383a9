using EventSubscriptions.Subscriptions;
using EventSubscriptions.Tests.Storage;

namespace EventSubscriptions.Tests.Subscriptions;

public sealed class SecretUrlOnAzuriteTests() : SecretUrlTests(new AzuriteStores());

public sealed class SecretUrlOnLocalStoresTests() : SecretUrlTests(new LocalStores());

public abstract class SecretUrlTests(ITableStores stores) : SubscriptionFunctionsTestBase(stores)
{
    private const string Slack = "https://hooks.slack.example:8443/services/T0/s3cret-path?k=s3cret";
    private const string Masked = "https://hooks.slack.example:8443/***";

    [Theory]
    [InlineData("""{"type":"none"}""", "", true)]
    [InlineData("""{"type":"none"}""", "\"urlIsSecret\":null,", true)]
    [InlineData("""{"type":"none"}""", "\"urlIsSecret\":false,", false)]
    [InlineData("""{"type":"bearer","token":"t"}""", "", false)]
    [InlineData("""{"type":"bearer","token":"t"}""", "\"urlIsSecret\":true,", true)]
    public async Task Url_is_secret_by_default_when_nothing_else_is(string authentication, string more, bool isSecret)
    {
        var created = (await CreateAsync(With(authentication, more))).Read<SubscriptionResult>();

        Assert.Equal(isSecret, created.UrlIsSecret);
        Assert.Equal(isSecret ? Masked : "https://hooks.slack.example:8443/services/T0/s3cret-path?k=***", created.Url);
    }

    [Fact]
    public async Task Secret_url_is_not_shown_listed_audited_or_found()
    {
        var id = Id(await CreateAsync(With("""{"type":"none"}""")));
        await PatchAsync(id, """{"name":"other"}""");
        await PatchAsync(id, """{"url":"https://hooks.slack.example:8443/services/T0/s3cret-other"}""");
        var shown = (await GetAsync(id)).Body + (await ListAsync("?search=slack")).Body;
        await DeleteAsync(id);
        shown += (await AuditReplyAsync("")).Body;

        Assert.DoesNotContain("services", shown, StringComparison.Ordinal);
        Assert.DoesNotContain("s3cret", shown, StringComparison.Ordinal);
        Assert.Contains($"\"url\":{{\"from\":\"{Masked}\",\"to\":\"{Masked}\"}}", shown, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("slack.example", 1)]
    [InlineData("services", 0)]
    [InlineData("s3cret-path", 0)]
    public async Task Search_does_not_match_what_is_hidden(string search, int count)
    {
        await CreateAsync(With("""{"type":"none"}"""));

        Assert.Equal(count, Page(await ListAsync($"?search={search}")).Items.Count);
    }

    [Fact]
    public async Task Url_must_be_given_again_to_show_it()
    {
        var id = Id(await CreateAsync(With("""{"type":"none"}""")));

        Assert.Equal(["url"], (await PatchAsync(id, """{"urlIsSecret":false}""")).Errors.Keys);
        Assert.Equal(["url"], (await PatchAsync(id, $$"""{"urlIsSecret":false,"url":"{{Masked}}"}""")).Errors.Keys);
        Assert.Equal(["urlIsSecret"], (await PatchAsync(id, """{"urlIsSecret":null}""")).Errors.Keys);
        var changed = await PatchAsync(id, $$"""{"urlIsSecret":false,"url":"{{Slack}}"}""");
        Assert.False(changed.Read<SubscriptionResult>().UrlIsSecret);
        Assert.Equal(Masked, (await PatchAsync(id, """{"urlIsSecret":true}""")).Read<SubscriptionResult>().Url);
    }

    [Fact]
    public async Task Later_authentication_does_not_show_the_url()
    {
        var id = Id(await CreateAsync(With("""{"type":"none"}""")));

        Assert.Equal(Masked, (await PatchAsync(id, """{"token":"t"}""")).Read<SubscriptionResult>().Url);
    }

    [Fact]
    public void Row_of_an_earlier_version_is_shown_as_before()
    {
        var row = SubscriptionRow.Make(Given.Subscription(_organization, _clock), Given.Protector);

        Assert.False(row.ContainsKey("urlIsSecret"));
        Assert.False(SubscriptionRow.Read(row, Given.Protector).UrlIsSecret);
    }

    private static string With(string authentication, string more = "") =>
        $$"""{"name":"n","url":"{{Slack}}","authentication":{{authentication}},{{more}}"events":["CaseClosedEvent"]}""";
}
