using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace EventSubscriptions.Tests.Scenarios.Harness;

/// <summary>The endpoint of managed identities that App Service gives its apps (API version 2019-08-01), with a new token each time.</summary>
internal sealed class IdentityEndpoint : IAsyncDisposable
{
    private readonly WebApplication _server;
    private readonly ConcurrentQueue<string> _queries = new();
    private int _count;

    private IdentityEndpoint()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        _server = builder.Build();
        _server.Run(context =>
        {
            _queries.Enqueue(context.Request.QueryString.Value!);
            var expiry = TimeProvider.System.GetUtcNow().AddHours(24).ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
            return context.Response.WriteAsJsonAsync(
                new Dictionary<string, string>(StringComparer.Ordinal)
                {
                    ["access_token"] = $"token-{Interlocked.Increment(ref _count)}",
                    ["expires_on"] = expiry,
                    ["resource"] = context.Request.Query["resource"]!,
                    ["token_type"] = "Bearer",
                    ["client_id"] = context.Request.Query["client_id"]!,
                }
            );
        });
    }

    public string Url =>
        _server.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single() + "/msi/token";

    /// <summary>The queries of the requests.</summary>
    public IReadOnlyList<string> Queries => [.. _queries];

    public static async Task<IdentityEndpoint> Start()
    {
        var endpoint = new IdentityEndpoint();
        await endpoint._server.StartAsync();
        return endpoint;
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();
}
