using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

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
        _authority = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-30), DateTimeOffset.UtcNow.AddDays(30));
        TrustFile = Path.GetTempFileName();
        File.WriteAllText(TrustFile, _authority.ExportCertificatePem());
    }

    /// <summary>The authority's certificate in PEM.</summary>
    public string TrustFile { get; }

    /// <summary>A certificate that 127.0.0.1 can show.</summary>
    public X509Certificate2 Valid() => Issue(IPAddress.Loopback.ToString(), DateTimeOffset.UtcNow.AddDays(7));

    /// <summary>One whose time is over.</summary>
    public X509Certificate2 Expired() => Issue(IPAddress.Loopback.ToString(), DateTimeOffset.UtcNow.AddDays(-1));

    /// <summary>One that belongs to somebody else.</summary>
    public X509Certificate2 OfAnotherHost() => Issue("192.0.2.1", DateTimeOffset.UtcNow.AddDays(7));

    public void Dispose()
    {
        _issued.ForEach(certificate => certificate.Dispose());
        _authority.Dispose();
        _key.Dispose();
        File.Delete(TrustFile);
    }

    private X509Certificate2 Issue(string address, DateTimeOffset until)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=Receiver", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Parse(address));
        request.CertificateExtensions.Add(names.Build());
        using var bare = request.Create(_authority, DateTimeOffset.UtcNow.AddDays(-7), until, RandomNumberGenerator.GetBytes(8));
        var certificate = bare.CopyWithPrivateKey(key);
        _issued.Add(certificate);
        return certificate;
    }
}
