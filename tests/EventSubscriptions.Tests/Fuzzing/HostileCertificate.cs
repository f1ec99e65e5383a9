using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using CsCheck;

namespace EventSubscriptions.Tests.Fuzzing;

/// <summary>Certificates and private keys as JSON strings: right ones, damaged ones, and other texts.</summary>
internal static class HostileCertificate
{
    private static readonly (string Certificate, string Key)[] s_valid = [Create(hostileSubject: false), Create(hostileSubject: true)];

    /// <summary>In the place of a certificate.</summary>
    public static Gen<string> Pem { get; } = Texts([.. s_valid.Select(pair => pair.Certificate)], [.. s_valid.Select(pair => pair.Key)]);

    /// <summary>In the place of a private key.</summary>
    public static Gen<string> Key { get; } = Texts([.. s_valid.Select(pair => pair.Key)], [.. s_valid.Select(pair => pair.Certificate)]);

    private static Gen<string> Texts(string[] right, string[] wrong)
    {
        var rightOnes = Gen.Int[0, 1].Select(i => right[i]);
        return Gen.Frequency<string>(
                (4, rightOnes),
                (2, Gen.Select(rightOnes, Gen.Int[0, 400], Gen.Byte, Damaged)),
                (1, Gen.Select(rightOnes, Gen.Int[0, 400], (pem, length) => pem[..Math.Min(length, pem.Length)])),
                (1, Gen.Select(rightOnes, rightOnes, (first, second) => first + "\n" + second)),
                (1, Gen.Int[0, 1].Select(i => wrong[i])),
                (1, Hostile.Raw)
            )
            .Select(text => Hostile.Quoted(text.ReplaceLineEndings("\\n")));
    }

    /// <summary>One byte of its content is another.</summary>
    private static string Damaged(string pem, int at, byte value)
    {
        var fields = PemEncoding.Find(pem);
        var bytes = Convert.FromBase64String(pem[fields.Base64Data]);
        bytes[at % bytes.Length] = value;
        return PemEncoding.WriteString(pem[fields.Label], bytes);
    }

    private static (string Certificate, string Key) Create(bool hostileSubject)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var subject = new X500DistinguishedNameBuilder();
        subject.AddCommonName(hostileSubject ? "a\u202eb\u0000c\u2028😀" : "Client");
        subject.AddOrganizationName(hostileSubject ? new string('漢', 64) : "Organization");
        var request = new CertificateRequest(subject.Build(), key, HashAlgorithmName.SHA256);
        using var certificate = request.CreateSelfSigned(
            new DateTimeOffset(2020, 1, 1, 0, 0, 0, TimeSpan.Zero),
            new DateTimeOffset(2090, 1, 1, 0, 0, 0, TimeSpan.Zero)
        );
        return (certificate.ExportCertificatePem(), key.ExportPkcs8PrivateKeyPem());
    }
}
