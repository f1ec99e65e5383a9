using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;

namespace EventSubscriptions.Tests.Scenarios.Harness;

/// <summary>OpenSSL's own test server, which verifies client certificates in the handshake and sends alerts.</summary>
internal sealed class OpenSslServer : IAsyncDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("openssl-");
    private readonly OtherProgram _program;

    private OpenSslServer(TestCertificates certificates, string tls)
    {
        var certificate = certificates.Valid();
        using var key = certificate.GetECDsaPrivateKey()!;
        var pem = Path.Combine(_folder.FullName, "server.pem");
        File.WriteAllText(pem, certificate.ExportCertificatePem() + "\n" + key.ExportPkcs8PrivateKeyPem());
        var script = Path.Combine(_folder.FullName, "serve.sh");
        Port = FreePort();
        File.WriteAllText(
            script,
            $"exec openssl s_server -{tls} -accept 127.0.0.1:{Port} -cert {pem} -key {pem} -CAfile {certificates.TrustFile} -Verify 1 -verify_return_error -www"
        );
        _program = OtherProgram.Start("sh", script);
    }

    public int Port { get; }

    public Uri Url => new($"https://127.0.0.1:{Port}/");

    /// <param name="certificates">Issue its certificate, and those of its clients.</param>
    /// <param name="tls"><c>tls1_2</c> or <c>tls1_3</c>.</param>
    public static async Task<OpenSslServer> Start(TestCertificates certificates, string tls)
    {
        var server = new OpenSslServer(certificates, tls);
        while (!(await server._program.Read()).StartsWith("ACCEPT", StringComparison.Ordinal))
        {
            // It is about to listen.
        }

        return server;
    }

    public async ValueTask DisposeAsync()
    {
        await _program.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
