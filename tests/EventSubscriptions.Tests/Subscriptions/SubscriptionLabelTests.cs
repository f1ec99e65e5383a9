using EventSubscriptions.Tests.Http;
using EventSubscriptions.Tests.Storage;

namespace EventSubscriptions.Tests.Subscriptions;

public sealed class SubscriptionLabelOnAzuriteTests() : SubscriptionLabelTests(new AzuriteStores());

public sealed class SubscriptionLabelOnLocalStoresTests() : SubscriptionLabelTests(new LocalStores());

/// <summary>Labels and external ids.</summary>
public abstract class SubscriptionLabelTests(ITableStores stores) : SubscriptionFunctionsTestBase(stores)
{
    [Fact]
    public async Task Labels_are_kept_and_merged_by_key()
    {
        var created = await CreateAsync(With("""{"team":"soc","stage":"test"}"""));
        Assert.Equal("""{"stage":"test","team":"soc"}""", Labels(created));

        var changed = await PatchAsync(Id(created), """{"labels":{"stage":null,"tier":"1"}}""");

        Assert.Equal("""{"team":"soc","tier":"1"}""", Labels(changed));
        Assert.Equal("""{"team":"soc","tier":"1"}""", Labels(await GetAsync(Id(created))));
        Assert.Null(Labels(await PatchAsync(Id(created), """{"labels":{"team":null,"tier":null}}""")));
        Assert.NotNull(Labels(await PatchAsync(Id(created), """{"labels":{"team":"soc"}}""")));
        Assert.Null(Labels(await PatchAsync(Id(created), """{"labels":null}""")));
    }

    [Theory]
    [InlineData("[]", "labels")]
    [InlineData("""{"Team":"x"}""", "labels")]
    [InlineData("""{"":"x"}""", "labels")]
    [InlineData("""{"a":1}""", "labels.a")]
    [InlineData("""{"a":null}""", "labels.a")]
    [InlineData("""{"a":"\u202e"}""", "labels.a")]
    public async Task Labels_are_refused_when_they_are_not_valid(string labels, string field) =>
        Assert.Equal([field], (await CreateAsync(With(labels))).Errors.Keys);

    [Fact]
    public async Task Labels_are_limited()
    {
        var most = string.Join(',', Enumerable.Range(0, 16).Select(i => $"\"l{i}\":\"{new string('x', 128)}\""));
        var created = await CreateAsync(With($"{{{most}}}"));
        Assert.Equal(201, created.Status);

        Assert.Equal(["labels"], (await PatchAsync(Id(created), """{"labels":{"one.more":"x"}}""")).Errors.Keys);
        Assert.Equal(200, (await PatchAsync(Id(created), """{"labels":{"one.more":"x","l0":null}}""")).Status);
        Assert.Equal(["labels.a"], (await CreateAsync(With($$"""{"a":"{{new string('x', 129)}}"}"""))).Errors.Keys);
    }

    [Fact]
    public async Task List_filters_by_label_and_external_id()
    {
        var one = Id(await CreateAsync(With("""{"team":"soc:eu"}""", "siem-1")));
        await CreateAsync(With("""{"team":"soc"}""", "siem-2"));
        await CreateAsync(Valid);

        Assert.Equal([one], Ids(await ListAsync("?label=team:soc:eu")));
        Assert.Empty(Ids(await ListAsync("?label=team:")));
        Assert.Equal([one], Ids(await ListAsync("?externalId=siem-1")));
        Assert.Empty(Ids(await ListAsync("?externalId=SIEM-1")));
        Assert.Equal(["label"], (await ListAsync("?label=team")).Errors.Keys);
    }

    [Fact]
    public async Task External_id_is_unique_within_its_organization()
    {
        var first = await CreateAsync(With("{}", "siem-1"));
        var second = await CreateAsync(With("{}", "siem-2"));

        Assert.Equal(409, (await CreateAsync(With("{}", "siem-1"))).Status);
        Assert.Equal(409, (await PatchAsync(Id(second), """{"externalId":"siem-1"}""")).Status);
        Assert.Equal("siem-2", ExternalId(await GetAsync(Id(second))));
        Assert.Equal(2, Ids(await ListAsync("")).Count);

        Assert.Equal(200, (await PatchAsync(Id(first), """{"externalId":"siem-3"}""")).Status);
        Assert.Equal(200, (await PatchAsync(Id(second), """{"externalId":"siem-1"}""")).Status);
        Assert.Equal(200, (await PatchAsync(Id(second), """{"externalId":null,"name":"renamed"}""")).Status);
        Assert.Null(ExternalId(await GetAsync(Id(second))));
        Assert.Equal(204, (await DeleteAsync(Id(first))).Status);
        Assert.Equal(201, (await CreateAsync(With("{}", "siem-3"))).Status);
    }

    [Theory]
    [InlineData("")]
    [InlineData("with space")]
    [InlineData("a/b")]
    [InlineData("ü")]
    public async Task External_id_is_refused_when_its_form_is_not_valid(string id) =>
        Assert.Equal(["externalId"], (await CreateAsync(With("{}", id))).Errors.Keys);

    [Fact]
    public async Task Changes_are_audited()
    {
        var created = await CreateAsync(With("""{"team":"soc"}""", "siem-1"));
        _clock.Advance(TimeSpan.FromSeconds(1));
        await PatchAsync(Id(created), """{"labels":{"team":"ops"},"externalId":"siem-2"}""");

        var changes = (await AuditAsync())[0].Changes!;
        Assert.Equal(["labels", "externalId"], changes.Keys);
        Assert.Equal(("team:soc", "team:ops"), ($"{changes["labels"].From}", $"{changes["labels"].To}"));
    }

    private static string With(string labels, string? externalId = null) =>
        Valid[..^1] + $",\"labels\":{labels}" + (externalId is null ? "}" : $",\"externalId\":\"{externalId}\"}}");

    private static string? Labels(Reply reply) => reply.Json.TryGetProperty("labels", out var labels) ? labels.GetRawText() : null;

    private static string? ExternalId(Reply reply) => reply.Json.TryGetProperty("externalId", out var id) ? id.GetString() : null;
}
