using System.Globalization;
using System.Text.Json;
using Azure;
using Azure.Core;
using Azure.Core.Pipeline;
using Azure.Data.Tables;

namespace LocalHost.Tables.Rest;

/// <summary>The Table service's REST API, version 2020-12-06. Retries are those of <see cref="ClientOptions.Retry"/>.</summary>
internal sealed class RestTables : TableBackend
{
    private const string Json = "application/json;odata=minimalmetadata";
    private const string Scope = "https://storage.azure.com/.default";

    private readonly HttpPipeline _pipeline;
    private readonly string _endpoint;

    public RestTables(StorageAccount account, TableClientOptions options)
        : this(account.Endpoint, new SharedKeyPolicy(account, TimeProvider.System), options)
    {
    }

    public RestTables(Uri endpoint, TokenCredential credential, TableClientOptions options)
        : this(endpoint, new BearerTokenAuthenticationPolicy(credential, Scope), options)
    {
    }

    private RestTables(Uri endpoint, HttpPipelinePolicy authentication, TableClientOptions options)
    {
        _endpoint = endpoint.AbsoluteUri.TrimEnd('/');
        _pipeline = HttpPipelineBuilder.Build(new HttpPipelineOptions(options)
        {
            PerRetryPolicies = { authentication },
            RequestFailedDetailsParser = ODataError.Parser,
        });
    }

    public override async Task<Response> CreateTableIfNotExistsAsync(string table, CancellationToken cancellationToken)
    {
        using var message = Request(RequestMethod.Post, $"{_endpoint}/Tables");
        message.Request.Headers.Add("Prefer", "return-no-content");
        message.Request.Headers.Add(HttpHeader.Names.ContentType, "application/json");
        message.Request.Content = RequestContent.Create(JsonSerializer.SerializeToUtf8Bytes(new Dictionary<string, string>(StringComparer.Ordinal) { ["TableName"] = table }));
        var response = await SendAsync(message, cancellationToken);
        return response.Status is 201 or 204 || (response.Status == 409 && ErrorCode(response) == "TableAlreadyExists") ? response : throw ODataError.Failure(response);
    }

    public override async Task<(Response, TableEntity?)> ReadAsync(string table, string partitionKey, string rowKey, string[]? select, CancellationToken cancellationToken)
    {
        var query = select is null ? "" : "?$select=" + Uri.EscapeDataString(string.Join(',', select));
        using var message = Request(RequestMethod.Get, EntityUri(_endpoint, table, partitionKey, rowKey) + query);
        var response = await SendAsync(message, cancellationToken);
        switch (response.Status)
        {
            case 200:
                using (var json = JsonDocument.Parse(response.Content))
                {
                    return (response, EntityJson.Read(json.RootElement));
                }

            case 404:
                return (response, null);
            default:
                throw ODataError.Failure(response);
        }
    }

    public override async Task<Response> WriteAsync(string table, TableTransactionAction action, CancellationToken cancellationToken)
    {
        var part = Part(_endpoint, table, action);
        using var message = Request(part.Method, part.Uri.AbsoluteUri);
        if (part.IfMatch is not null)
        {
            message.Request.Headers.Add(HttpHeader.Names.IfMatch, part.IfMatch);
        }

        if (part.Method == RequestMethod.Post)
        {
            message.Request.Headers.Add("Prefer", "return-no-content");
        }

        if (!part.Json.IsEmpty)
        {
            message.Request.Headers.Add(HttpHeader.Names.ContentType, "application/json");
            message.Request.Content = RequestContent.Create(part.Json);
        }

        var response = await SendAsync(message, cancellationToken);
        return response.Status is 201 or 204 || (response.Status == 404 && part.Method == RequestMethod.Delete) ? response : throw ODataError.Failure(response);
    }

    public override async Task<Response<IReadOnlyList<Response>>> TransactAsync(string table, IReadOnlyList<TableTransactionAction> actions, CancellationToken cancellationToken)
    {
        var (contentType, body) = TransactionBody.Write(actions.Select(action => Part(_endpoint, table, action)));
        using var message = Request(RequestMethod.Post, $"{_endpoint}/$batch");
        message.Request.Headers.Add(HttpHeader.Names.ContentType, contentType);
        message.Request.Content = RequestContent.Create(body);
        var response = await SendAsync(message, cancellationToken);
        if (response.Status != 202)
        {
            throw new TableTransactionFailedException(ODataError.Failure(response));
        }

        var responses = TransactionBody.Read(response.ContentStream!);
        return responses.Find(part => part.IsError) is { } refused
            ? throw ODataError.TransactionFailure(refused)
            : Response.FromValue<IReadOnlyList<Response>>(responses, response);
    }

    public override async Task<TablePage> QueryAsync(string table, TableQuery query, CancellationToken cancellationToken)
    {
        using var message = Request(RequestMethod.Get, $"{_endpoint}/{Uri.EscapeDataString(table)}()");
        var uri = message.Request.Uri;
        if (query.Top is { } top)
        {
            uri.AppendQuery("$top", top.ToString(CultureInfo.InvariantCulture));
        }

        if (query.Select is { } select)
        {
            uri.AppendQuery("$select", string.Join(',', select), escapeValue: true);
        }

        if (query.Filter is { Length: > 0 } filter)
        {
            uri.AppendQuery("$filter", filter, escapeValue: true);
        }

        if (query.ContinuationToken is { } token)
        {
            var (partitionKey, rowKey) = token.IndexOf(' ', StringComparison.Ordinal) is >= 0 and var space ? (token[..space], token[(space + 1)..]) : (token, "");
            uri.AppendQuery("NextPartitionKey", partitionKey, escapeValue: true);
            if (rowKey.Length > 0)
            {
                uri.AppendQuery("NextRowKey", rowKey, escapeValue: true);
            }
        }

        var response = await SendAsync(message, cancellationToken);
        if (response.Status != 200)
        {
            throw ODataError.Failure(response);
        }

        using var json = JsonDocument.Parse(response.Content);
        return new TablePage(response, [.. json.RootElement.GetProperty("value").EnumerateArray().Select(EntityJson.Read)], Continuation(response));
    }

    /// <summary>What the action is as a request.</summary>
    public static TransactionPart Part(string endpoint, string table, TableTransactionAction action)
    {
        var entity = EntityOf(action);
        if (action.ActionType == TableTransactionActionType.Add)
        {
            return new TransactionPart(RequestMethod.Post, new Uri($"{endpoint}/{Uri.EscapeDataString(table)}"), null, EntityJson.Write(entity));
        }

        var uri = new Uri(EntityUri(endpoint, table, entity.PartitionKey, entity.RowKey));
        var etag = action.ETag == default ? null : action.ETag.ToString();
        return action.ActionType switch
        {
            TableTransactionActionType.Delete => new TransactionPart(RequestMethod.Delete, uri, etag ?? "*", default),
            TableTransactionActionType.UpdateMerge => new TransactionPart(RequestMethod.Patch, uri, etag, EntityJson.Write(entity)),
            TableTransactionActionType.UpdateReplace => new TransactionPart(RequestMethod.Put, uri, etag, EntityJson.Write(entity)),
            TableTransactionActionType.UpsertMerge => new TransactionPart(RequestMethod.Patch, uri, null, EntityJson.Write(entity)),
            _ => new TransactionPart(RequestMethod.Put, uri, null, EntityJson.Write(entity)),
        };
    }

    private static string? Continuation(Response response) =>
        response.Headers.TryGetValue("x-ms-continuation-NextPartitionKey", out var partitionKey)
            ? $"{partitionKey} {(response.Headers.TryGetValue("x-ms-continuation-NextRowKey", out var rowKey) ? rowKey : "")}"
            : null;

    private static string? ErrorCode(Response response) => ODataError.Parser.TryParse(response, out var error, out _) ? error.Code : null;

    private static string EntityUri(string endpoint, string table, string partitionKey, string rowKey) =>
        $"{endpoint}/{Uri.EscapeDataString(table)}(PartitionKey={Escape(partitionKey)},RowKey={Escape(rowKey)})";

    private static string Escape(string key) => Uri.EscapeDataString(ODataLiteral.Quote(key));

    private HttpMessage Request(RequestMethod method, string uri)
    {
        var message = _pipeline.CreateMessage();
        message.Request.Method = method;
        message.Request.Uri.Reset(new Uri(uri));
        message.Request.Headers.Add("x-ms-version", "2020-12-06");
        message.Request.Headers.Add("DataServiceVersion", "3.0");
        message.Request.Headers.Add(HttpHeader.Names.Accept, Json);
        return message;
    }

    private async Task<Response> SendAsync(HttpMessage message, CancellationToken cancellationToken)
    {
        await _pipeline.SendAsync(message, cancellationToken);
        return message.Response;
    }
}
