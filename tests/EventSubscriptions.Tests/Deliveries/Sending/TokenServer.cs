using System.Collections.Concurrent;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace EventSubscriptions.Tests.Deliveries.Sending;

/// <summary>An OAuth 2.0 token endpoint: the tokens are <c>token-1</c>, <c>token-2</c> and so on.</summary>
internal sealed class TokenServer : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly ConcurrentQueue<(string Authorization, string Body)> _requests = new();
    private int _last;

    public TokenServer()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        _app = builder.Build();
        _app.MapPost("/token", RespondAsync);
        _app.Start();
        Url = new Uri(_app.Urls.First() + "/token");
    }

    public Uri Url { get; }

    public int Status { get; set; } = 200;

    /// <summary>Sent instead of a token, if it is set.</summary>
    public string? Body { get; set; }

    public int ExpiresIn { get; set; } = 3600;

    public TimeSpan Delay { get; set; }

    public IReadOnlyList<(string Authorization, string Body)> Requests => [.. _requests];

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private async Task RespondAsync(HttpContext context)
    {
        using var reader = new StreamReader(context.Request.Body);
        _requests.Enqueue((context.Request.Headers.Authorization.ToString(), await reader.ReadToEndAsync()));
        await Task.WhenAny(Task.Delay(Delay, context.RequestAborted));
        context.Response.StatusCode = Status;
        var token = $"token-{Interlocked.Increment(ref _last)}";
        await context.Response.WriteAsync(
            Body
                ?? JsonSerializer.Serialize(
                    new
                    {
                        access_token = token,
                        token_type = "Bearer",
                        expires_in = ExpiresIn,
                    }
                )
        );
    }
}
