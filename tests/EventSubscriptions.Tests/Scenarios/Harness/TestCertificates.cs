using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using EventSubscriptions.Secrets;
using EventSubscriptions.Subscriptions.Authentication;

namespace EventSubscriptions.Tests.Scenarios.Harness;

/// <summary>
/// An authority of the tests' own, which an app trusts that is started with <c>SSL_CERT_FILE</c>, and what it has issued.
/// </summary>
internal sealed class TestCertificates : IDisposable
{
    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly X509Certificate2 _authority;
    private readonly List<X509Certificate2> _issued = [];

    public TestCertificates()
    {
        var request = new CertificateRequest("CN=Authority of the tests", _key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, false, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, critical: true));
        _authority = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddYears(-5), DateTimeOffset.UtcNow.AddYears(5));
        TrustFile = Path.GetTempFileName();
        File.WriteAllText(TrustFile, _authority.ExportCertificatePem());
    }

    /// <summary>The authority's certificate in PEM.</summary>
    public string TrustFile { get; }

    public X509Certificate2 Authority => _authority;

    /// <summary>A certificate that 127.0.0.1 can show.</summary>
    public X509Certificate2 Valid() => Issue(IPAddress.Loopback.ToString(), DateTimeOffset.UtcNow.AddDays(7));

    /// <summary>A certificate that a host can show.</summary>
    public X509Certificate2 Of(string host) => Issue(host, DateTimeOffset.UtcNow.AddDays(7));

    /// <summary>The same, which says where the certificate of its authority can be downloaded.</summary>
    public X509Certificate2 ValidWithAuthorityAt(Uri url) =>
        Issue(IPAddress.Loopback.ToString(), DateTimeOffset.UtcNow.AddDays(7), authorityAt: url);

    /// <summary>One whose time is over.</summary>
    public X509Certificate2 Expired() => Issue(IPAddress.Loopback.ToString(), DateTimeOffset.UtcNow.AddDays(-1));

    /// <summary>One that belongs to somebody else.</summary>
    public X509Certificate2 OfAnotherHost() => Issue("192.0.2.1", DateTimeOffset.UtcNow.AddDays(7));

    /// <summary>A certificate for a client and its private key, in PEM.</summary>
    public ClientCertificate OfClient(string name = "Client", DateTimeOffset? until = null)
    {
        var certificate = Issue(IPAddress.Loopback.ToString(), until ?? DateTimeOffset.UtcNow.AddDays(20), name);
        using var key = certificate.GetECDsaPrivateKey()!;
        return new(certificate.ExportCertificatePem(), new Secret(key.ExportPkcs8PrivateKeyPem()));
    }

    public void Dispose()
    {
        _issued.ForEach(certificate => certificate.Dispose());
        _authority.Dispose();
        _key.Dispose();
        File.Delete(TrustFile);
    }

    private X509Certificate2 Issue(string address, DateTimeOffset until, string name = "Receiver", Uri? authorityAt = null)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        if (IPAddress.TryParse(address, out var parsed))
        {
            names.AddIpAddress(parsed);
        }
        else
        {
            names.AddDnsName(address);
        }

        request.CertificateExtensions.Add(names.Build());
        if (authorityAt is not null)
        {
            request.CertificateExtensions.Add(new X509AuthorityInformationAccessExtension([], [authorityAt.AbsoluteUri]));
        }

        var start = DateTimeOffset.UtcNow < until ? DateTimeOffset.UtcNow : until;
        using var bare = request.Create(_authority, start.AddDays(-7), until, RandomNumberGenerator.GetBytes(8));
        var certificate = bare.CopyWithPrivateKey(key);
        _issued.Add(certificate);
        return certificate;
    }
}
