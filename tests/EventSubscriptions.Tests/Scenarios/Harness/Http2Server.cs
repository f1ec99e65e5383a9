using System.Net;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace EventSubscriptions.Tests.Scenarios.Harness;

/// <summary>A real server that speaks HTTP/2 over TLS and nothing else.</summary>
internal sealed class Http2Server(WebApplication server) : IAsyncDisposable
{
    public Uri Url =>
        new(server.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single() + "/in");

    public static async Task<Http2Server> Start(X509Certificate2 certificate, RequestDelegate response)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder
            .WebHost.UseKestrelHttpsConfiguration()
            .ConfigureKestrel(kestrel =>
                kestrel.Listen(
                    IPAddress.Loopback,
                    0,
                    listen =>
                    {
                        listen.Protocols = HttpProtocols.Http2;
                        listen.UseHttps(certificate);
                    }
                )
            );
        var server = builder.Build();
        server.Run(response);
        await server.StartAsync();
        return new Http2Server(server);
    }

    public ValueTask DisposeAsync() => server.DisposeAsync();
}
