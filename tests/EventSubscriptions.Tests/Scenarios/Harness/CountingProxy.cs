using System.Collections.Concurrent;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace EventSubscriptions.Tests.Scenarios.Harness;

/// <summary>
/// Stands between the app and its tables, and counts the operations that the app asks for. What the client sends again by itself, since no
/// response came in time, counts once.
/// </summary>
internal sealed class CountingProxy : IAsyncDisposable
{
    private const string RequestIdHeader = "x-ms-client-request-id";

    private readonly ConcurrentDictionary<string, int> _counts = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, bool> _requestIds = new(StringComparer.Ordinal);
    private readonly HttpClient _client = new(new SocketsHttpHandler { UseProxy = false });
    private readonly WebApplication _server;
    private readonly int _azurite;

    private CountingProxy(int azurite)
    {
        _azurite = azurite;
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        _server = builder.Build();
        _server.Run(ForwardAsync);
    }

    /// <summary>
    /// How often each operation was asked for, as <c>read auditlog</c>, <c>write subscriptions</c>, <c>transaction deliverylog</c>.
    /// </summary>
    public IReadOnlyDictionary<string, int> Counts => new SortedDictionary<string, int>(_counts, StringComparer.Ordinal);

    public int Port =>
        new Uri(
            _server
                .Services.GetRequiredService<Microsoft.AspNetCore.Hosting.Server.IServer>()
                .Features.Get<IServerAddressesFeature>()!
                .Addresses.Single()
        ).Port;

    public static async Task<CountingProxy> Start(AzuriteServer azurite)
    {
        var proxy = new CountingProxy(azurite.Port);
        await proxy._server.StartAsync();
        return proxy;
    }

    /// <summary>The connection string, by way of this proxy.</summary>
    public string Through(AzuriteServer azurite) =>
        azurite.ConnectionString.Replace($":{azurite.Port}/", $":{Port}/", StringComparison.Ordinal);

    public void Reset() => _counts.Clear();

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _client.Dispose();
    }

    private async Task ForwardAsync(HttpContext context)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body);
        if (_requestIds.TryAdd(context.Request.Headers[RequestIdHeader].ToString(), true))
        {
            Count(context.Request, body);
        }

        // The raw target: quotes and escapes in it are signed.
        var target = context.Features.Get<IHttpRequestFeature>()!.RawTarget;
        using var request = new HttpRequestMessage(new HttpMethod(context.Request.Method), $"http://127.0.0.1:{_azurite}{target}");
        if (body.Length > 0)
        {
            request.Content = new ByteArrayContent(body.ToArray());
        }

        foreach (
            var (name, values) in context.Request.Headers.Where(header => header.Key is not ("Host" or "Connection" or "Transfer-Encoding"))
        )
        {
            if (!request.Headers.TryAddWithoutValidation(name, (IEnumerable<string>)values!))
            {
                request.Content?.Headers.TryAddWithoutValidation(name, (IEnumerable<string>)values!);
            }
        }

        using var response = await _client.SendAsync(request);
        context.Response.StatusCode = (int)response.StatusCode;
        foreach (
            var (name, values) in response
                .Headers.Concat(response.Content.Headers)
                .Where(header => header.Key is not ("Transfer-Encoding" or "Connection"))
        )
        {
            context.Response.Headers[name] = values.ToArray();
        }

        if (context.Response.StatusCode != StatusCodes.Status204NoContent)
        {
            await response.Content.CopyToAsync(context.Response.Body);
        }
    }

    private void Count(HttpRequest request, MemoryStream body)
    {
        var path = request.Path.Value!;
        var isTransaction = path.EndsWith("/$batch", StringComparison.Ordinal);
        var table = Regex
            .Match(isTransaction ? System.Text.Encoding.UTF8.GetString(body.ToArray()) : path, "devstoreaccount1/(?<table>[A-Za-z]+)")
            .Groups["table"]
            .Value;
        var kind =
            isTransaction ? "transaction"
            : request.Method == HttpMethods.Get ? "read"
            : "write";
        _counts.AddOrUpdate($"{kind} {table}", 1, (_, count) => count + 1);
    }
}
