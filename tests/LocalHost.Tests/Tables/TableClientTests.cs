using System.Net;
using System.Text;
using Azure;
using Azure.Core;
using Azure.Core.Pipeline;
using Azure.Data.Tables;

namespace LocalHost.Tests.Tables;

public sealed class TableClientTests
{
    private const string Key = "c2VjcmV0IHNlY3JldCBzZWNyZXQ=";

    public static TheoryData<string, string> Filters => new()
    {
        { TableClient.CreateQueryFilter($"PartitionKey eq {"it's"} and RowKey ge {'x'}"), "PartitionKey eq 'it''s' and RowKey ge 'x'" },
        { TableClient.CreateQueryFilter($"A eq {1} and B lt {-5L} and C ge {2.5} and D eq {true}"), "A eq 1 and B lt -5L and C ge 2.5 and D eq true" },
        { TableClient.CreateQueryFilter($"At gt {new DateTimeOffset(2025, 2, 11, 12, 0, 0, TimeSpan.FromHours(2))}"), "At gt datetime'2025-02-11T10:00:00Z'" },
        { TableClient.CreateQueryFilter($"At gt {DateTimeOffset.UnixEpoch.AddTicks(1)}"), "At gt datetime'1970-01-01T00:00:00.0000001Z'" },
        { TableClient.CreateQueryFilter($"Id eq {Guid.Empty} or Bytes eq {new byte[] { 1, 0xAB }}"), "Id eq guid'00000000-0000-0000-0000-000000000000' or Bytes eq X'01AB'" },
    };

    [Theory]
    [MemberData(nameof(Filters))]
    public void Filter_has_its_values_quoted_and_escaped_by_type(string filter, string expected) => Assert.Equal(expected, filter);

    [Fact]
    public void Filter_takes_no_values_that_tables_do_not_have() =>
        Assert.Throws<ArgumentException>(() => TableClient.CreateQueryFilter($"A eq {new object()}"));

    [Fact]
    public void Entity_has_null_for_what_it_lacks_and_refuses_another_type()
    {
        var entity = new TableEntity("p", "r") { ["A"] = 1 };

        Assert.Null(entity["Missing"]);
        Assert.Null(entity.GetInt64("Missing"));
        Assert.Null(entity.Timestamp);
        Assert.Equal(default, entity.ETag);
        Assert.Throws<InvalidOperationException>(() => entity.GetString("A"));
        Assert.Throws<InvalidOperationException>(() => entity.GetInt64("A"));
    }

    [Fact]
    public void Entity_keeps_the_type_of_a_number_and_refuses_another_kind()
    {
        var entity = new TableEntity { ["Long"] = 1L, ["Double"] = 1.0, ["Int"] = 1 };

        entity["Long"] = 2;
        entity["Double"] = 2;
        entity["Int"] = 2L;

        Assert.Equal((2L, 2.0, 2L), (entity.GetInt64("Long"), (double)entity["Double"], entity.GetInt64("Int")));
        Assert.Throws<InvalidOperationException>(() => entity["Long"] = "text");
    }

    [Theory]
    [InlineData("AccountName=a;TableEndpoint=http://127.0.0.1", "AccountKey")]
    [InlineData($"AccountKey={Key};TableEndpoint=http://127.0.0.1", "AccountName")]
    [InlineData("AccountName=a;AccountKey=no base64!", "AccountKey")]
    [InlineData($"AccountName=a;AccountKey={Key};TableEndpoint=nowhere", "TableEndpoint")]
    [InlineData("just text", "name=value")]
    public void Connection_string_that_cannot_be_read_says_what_is_wrong_and_no_secret(string connectionString, string names)
    {
        var failure = Assert.Throws<FormatException>(() => new TableServiceClient(connectionString));

        Assert.Contains(names, failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("c2Vjcm", failure.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("no base64!", failure.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Embedded_store_that_is_not_open_is_an_error_at_once() =>
        Assert.Throws<InvalidOperationException>(() => new TableServiceClient("EmbeddedStore=/nowhere"));

    [Fact]
    public async Task Identity_is_a_bearer_token_for_storage()
    {
        var credential = new Credential();
        var server = new Server(_ => Answer(HttpStatusCode.NoContent));
        var table = Connect(server, credential);

        await table.UpsertEntityAsync(new TableEntity("p", "it's") { ["A"] = 1 });

        var request = Assert.Single(server.Requests);
        Assert.Equal("Bearer the-token", request.Headers.Authorization!.ToString());
        Assert.Equal(["https://storage.azure.com/.default"], credential.Scopes);
        Assert.Equal("https://account.table.core.windows.net/rows(PartitionKey=%27p%27,RowKey=%27it%27%27s%27)", request.RequestUri!.AbsoluteUri);
        Assert.Equal(HttpMethod.Patch, request.Method);
        Assert.Empty(request.Headers.IfMatch);
    }

    [Fact]
    public async Task Server_that_is_busy_is_asked_again()
    {
        var server = new Server(attempt => attempt < 3 ? Answer(HttpStatusCode.ServiceUnavailable) : Answer(HttpStatusCode.NoContent));

        var response = await Connect(server).UpsertEntityAsync(new TableEntity("p", "r"));

        Assert.Equal((204, 3), (response.Status, server.Requests.Count));
    }

    [Fact]
    public async Task Failure_has_the_status_when_the_answer_is_not_what_the_service_says()
    {
        var server = new Server(_ => Answer(HttpStatusCode.Forbidden, "<html>a proxy</html>"));

        var failure = await Assert.ThrowsAsync<RequestFailedException>(() => Connect(server).AddEntityAsync(new TableEntity("p", "r")));

        Assert.Equal(403, failure.Status);
    }

    [Fact]
    public async Task Failure_has_the_code_that_the_service_gives()
    {
        var server = new Server(_ => Answer(HttpStatusCode.Conflict, """{"odata.error":{"code":"TableBeingDeleted","message":{"lang":"en-US","value":"The specified table is being deleted."}}}"""));

        var failure = await Assert.ThrowsAsync<RequestFailedException>(() => Connect(server).CreateIfNotExistsAsync());

        Assert.Equal((409, "TableBeingDeleted"), (failure.Status, failure.ErrorCode));
        Assert.Contains("being deleted", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Entities_of_other_types_are_not_supported() =>
        await Assert.ThrowsAsync<NotSupportedException>(() => Connect(new Server(_ => Answer(HttpStatusCode.NoContent))).AddEntityAsync(new OtherEntity()));

    private static TableClient Connect(Server server, TokenCredential? credential = null)
    {
        var options = new TableClientOptions { Transport = new HttpClientTransport(server) };
        options.Retry.Delay = TimeSpan.Zero;
        return new TableServiceClient(new Uri("https://account.table.core.windows.net"), credential ?? new Credential(), options).GetTableClient("rows");
    }

    private static HttpResponseMessage Answer(HttpStatusCode status, string body = "") =>
        new(status) { Content = new StringContent(body, Encoding.UTF8, "application/json") };

    private sealed class Server(Func<int, HttpResponseMessage> answer) : HttpMessageHandler
    {
        public List<HttpRequestMessage> Requests { get; } = [];

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            Requests.Add(request);
            return Task.FromResult(answer(Requests.Count));
        }
    }

    private sealed class Credential : TokenCredential
    {
        public string[] Scopes { get; private set; } = [];

        public override AccessToken GetToken(TokenRequestContext requestContext, CancellationToken cancellationToken)
        {
            Scopes = requestContext.Scopes;
            return new AccessToken("the-token", DateTimeOffset.MaxValue);
        }

        public override ValueTask<AccessToken> GetTokenAsync(TokenRequestContext requestContext, CancellationToken cancellationToken) =>
            ValueTask.FromResult(GetToken(requestContext, cancellationToken));
    }

    private sealed class OtherEntity : ITableEntity
    {
        public string PartitionKey { get; set; } = "p";

        public string RowKey { get; set; } = "r";

        public DateTimeOffset? Timestamp { get; set; }

        public ETag ETag { get; set; }
    }
}
