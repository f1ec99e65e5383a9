using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace TestSupport.App;

/// <summary>A response of the app.</summary>
internal sealed record ApiResponse(HttpStatusCode Status, string? ContentType, string? ETag, Uri? Location, string Text)
{
    /// <summary>The body, which must be JSON.</summary>
    public JsonNode Json => JsonNode.Parse(Text) ?? throw new InvalidOperationException("null");

    /// <summary>The body as one of the API's results.</summary>
    public T Read<T>() => ClientJson.Read<T>(Text);

    /// <summary>Throws if the status is another.</summary>
    public ApiResponse Expect(HttpStatusCode status) =>
        Status == status ? this : throw new InvalidOperationException($"Expected {(int)status}, got {(int)Status}: {Text}");
}

/// <summary>A request and its response as sent. The names of headers are in lower case.</summary>
internal sealed record Exchange(
    string Method,
    string Path,
    IReadOnlyDictionary<string, string> RequestHeaders,
    string RequestBody,
    int Status,
    IReadOnlyDictionary<string, string> Headers,
    string Body
);

/// <summary>The HTTP API with one key.</summary>
internal sealed class Api(Func<Uri> address, string? key)
{
    private static readonly HttpClient s_http = new(new SocketsHttpHandler { UseProxy = false, UseCookies = false });

    /// <summary>If set, sees every exchange before the caller gets the response. The caller gets its exceptions.</summary>
    public static Func<Exchange, Task>? Watch { get; set; }

    public Task<ApiResponse> Get(string path) => Send(HttpMethod.Get, path);

    /// <summary>The result of a request that must succeed.</summary>
    public async Task<T> Get<T>(string path) => (await Get(path)).Expect(HttpStatusCode.OK).Read<T>();

    public Task<ApiResponse> Post(string path, object body) => Send(HttpMethod.Post, path, ClientJson.Write(body));

    public Task<ApiResponse> Patch(string path, object body, string? ifMatch = null) =>
        Send(HttpMethod.Patch, path, ClientJson.Write(body), ifMatch: ifMatch);

    public Task<ApiResponse> Delete(string path, string? ifMatch = null) => Send(HttpMethod.Delete, path, ifMatch: ifMatch);

    public Task<ApiResponse> Send(
        HttpMethod method,
        string path,
        string? body = null,
        string contentType = "application/json",
        string? ifMatch = null
    ) => Send(method, path, body is null ? null : Encoding.UTF8.GetBytes(body), contentType, ifMatch);

    public async Task<ApiResponse> Send(
        HttpMethod method,
        string path,
        byte[]? body,
        string? contentType,
        string? ifMatch = null,
        params (string Name, string Value)[] headers
    )
    {
        using var request = new HttpRequestMessage(method, new Uri(address(), path));
        if (key is not null)
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
        }

        if (ifMatch is not null)
        {
            request.Headers.TryAddWithoutValidation("If-Match", ifMatch);
        }

        foreach (var (name, value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        if (body is not null)
        {
            request.Content = new ByteArrayContent(body);
            if (contentType is not null)
            {
                request.Content.Headers.TryAddWithoutValidation("Content-Type", contentType);
            }
        }

        using var response = await s_http.SendAsync(request);
        var text = await response.Content.ReadAsStringAsync();
        if (Watch is { } watch)
        {
            await watch(
                new Exchange(
                    method.Method,
                    request.RequestUri!.PathAndQuery,
                    Named(request.Headers, request.Content?.Headers),
                    body is null ? "" : Encoding.UTF8.GetString(body),
                    (int)response.StatusCode,
                    Named(response.Headers, response.Content.Headers),
                    text
                )
            );
        }

        return new ApiResponse(
            response.StatusCode,
            response.Content.Headers.ContentType?.MediaType,
            response.Headers.ETag?.ToString(),
            response.Headers.Location,
            text
        );
    }

    /// <summary>Sends a message to a queue, as a producer does.</summary>
    public Task<ApiResponse> PutOnQueue(
        string queue,
        byte[] body,
        string? messageId = null,
        params (string Name, string Value)[] properties
    )
    {
        (string, string)[] headers = messageId is null
            ? properties
            : [("BrokerProperties", JsonSerializer.Serialize(new { MessageId = messageId })), .. properties];
        return Send(HttpMethod.Post, $"/_servicebus/{queue}/messages", body, "application/json", ifMatch: null, headers);
    }

    /// <summary>The items of all pages of a list.</summary>
    public async Task<IReadOnlyList<T>> GetAll<T>(string path)
    {
        var separator = path.Contains('?', StringComparison.Ordinal) ? '&' : '?';
        var page = await Get<PageResult<T>>(path);
        var items = new List<T>(page.Items);
        while (page.ContinuationToken is { } token)
        {
            page = await Get<PageResult<T>>($"{path}{separator}continuationToken={Uri.EscapeDataString(token)}");
            items.AddRange(page.Items);
        }

        return items;
    }

    private static Dictionary<string, string> Named(HttpHeaders headers, HttpHeaders? more) =>
        headers
            .NonValidated.Concat(more is null ? [] : more.NonValidated)
            .ToDictionary(header => header.Key.ToLowerInvariant(), header => header.Value.ToString(), StringComparer.Ordinal);
}
