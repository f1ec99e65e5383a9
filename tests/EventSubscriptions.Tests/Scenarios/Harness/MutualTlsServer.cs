using System.Collections.Concurrent;
using System.Net;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace EventSubscriptions.Tests.Scenarios.Harness;

/// <summary>A real server that accepts requests only with a client certificate of an authority.</summary>
internal sealed class MutualTlsServer : IAsyncDisposable
{
    private readonly WebApplication _server;
    private readonly ConcurrentQueue<(string Thumbprint, string Connection)> _requests = new();

    private MutualTlsServer(
        X509Certificate2 certificate,
        X509Certificate2? clientAuthority,
        HttpProtocols http,
        SslProtocols tls,
        RequestDelegate response
    )
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
                        listen.Protocols = http;
                        listen.UseHttps(
                            certificate,
                            https =>
                            {
                                https.SslProtocols = tls;
                                https.ClientCertificateMode = clientAuthority is null
                                    ? ClientCertificateMode.NoCertificate
                                    : ClientCertificateMode.RequireCertificate;
                                https.ClientCertificateValidation = (client, _, _) => IsFrom(clientAuthority!, client);
                            }
                        );
                    }
                )
            );
        _server = builder.Build();
        _server.Run(context =>
        {
            _requests.Enqueue((context.Connection.ClientCertificate?.Thumbprint ?? "", context.Connection.Id));
            return response(context);
        });
    }

    public Uri Url =>
        new(_server.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single() + "/in");

    /// <summary>The requests: the client certificate, and the connection.</summary>
    public IReadOnlyList<(string Thumbprint, string Connection)> Requests => [.. _requests];

    public static async Task<MutualTlsServer> Start(
        X509Certificate2 certificate,
        X509Certificate2? clientAuthority,
        HttpProtocols http = HttpProtocols.Http1AndHttp2,
        SslProtocols tls = SslProtocols.None,
        RequestDelegate? response = null
    )
    {
        var server = new MutualTlsServer(certificate, clientAuthority, http, tls, response ?? NoContent);
        await server._server.StartAsync();
        return server;
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    private static Task NoContent(HttpContext context)
    {
        context.Response.StatusCode = StatusCodes.Status204NoContent;
        return Task.CompletedTask;
    }

    private static bool IsFrom(X509Certificate2 authority, X509Certificate2 client)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.Add(authority);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        return chain.Build(client);
    }
}
