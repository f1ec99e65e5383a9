using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using EventSubscriptions.Http;
using EventSubscriptions.Secrets;

namespace EventSubscriptions.Subscriptions.Authentication;

/// <summary>What a subscription shows in TLS handshakes (mutual TLS).</summary>
/// <param name="Certificate">In PEM, followed by its intermediates, if there are any.</param>
/// <param name="PrivateKey">Its unencrypted private key in PEM.</param>
public sealed record ClientCertificate(string Certificate, Secret PrivateKey)
{
    private const int MaxSubjectLength = 256;

    /// <summary>What people see of it.</summary>
    internal ClientCertificateDetails Details
    {
        get
        {
            using var certificate = X509Certificate2.CreateFromPem(Certificate);
            return DetailsOf(certificate);
        }
    }

    /// <summary>The certificate with its private key, and its intermediates. The caller disposes both.</summary>
    internal (X509Certificate2 Certificate, X509Certificate2Collection Intermediates) Load()
    {
        var intermediates = new X509Certificate2Collection();
        intermediates.ImportFromPem(Certificate);
        intermediates[0].Dispose();
        intermediates.RemoveAt(0);
        var certificate = X509Certificate2.CreateFromPem(Certificate, PrivateKey.Reveal());
        if (OperatingSystem.IsWindows())
        {
            // SChannel can't use a key that exists in memory only.
            using var inMemory = certificate;
            certificate = X509CertificateLoader.LoadPkcs12(inMemory.Export(X509ContentType.Pkcs12), password: null);
        }

        return (certificate, intermediates);
    }

    /// <summary>Parses the certificates of a text, as a normal form without what is between them.</summary>
    internal static bool TryParseCertificate(string text, [NotNullWhen(true)] out string? pem)
    {
        pem = null;
        var certificates = new X509Certificate2Collection();
        try
        {
            certificates.ImportFromPem(text);
            if (certificates.Count > 0)
            {
                // What is shown of it is parsed only now.
                _ = DetailsOf(certificates[0]);
                pem = string.Join('\n', certificates.Select(certificate => certificate.ExportCertificatePem()));
            }
        }
        catch (Exception exception) when (IsInvalid(exception))
        {
            // Not a certificate.
        }
        finally
        {
            foreach (var certificate in certificates)
            {
                certificate.Dispose();
            }
        }

        return pem is not null;
    }

    /// <summary>Finds the private key of a text. Whether it is one turns out when it is used.</summary>
    internal static bool TryParseKey(string text, [NotNullWhen(true)] out Secret? pem)
    {
        for (var from = 0; PemEncoding.TryFind(text.AsSpan(from), out var fields); from += fields.Location.End.Value)
        {
            // A file may have the certificate or parameters before its key.
            if (text.AsSpan(from)[fields.Label] is "PRIVATE KEY" or "RSA PRIVATE KEY" or "EC PRIVATE KEY")
            {
                pem = new Secret(text[from..][fields.Location]);
                return true;
            }
        }

        pem = null;
        return false;
    }

    /// <summary>Whether the private key belongs to the certificate.</summary>
    internal bool HasMatchingKey()
    {
        try
        {
            X509Certificate2.CreateFromPem(Certificate, PrivateKey.Reveal()).Dispose();
            return true;
        }
        catch (Exception exception) when (IsInvalid(exception))
        {
            return false;
        }
    }

    private static ClientCertificateDetails DetailsOf(X509Certificate2 certificate) =>
        new(Readable(certificate.Subject), certificate.Thumbprint, new DateTimeOffset(certificate.NotAfter.ToUniversalTime()));

    /// <summary>Whether an exception says that a certificate or key is damaged, or of a kind that the platform doesn't know.</summary>
    private static bool IsInvalid(Exception exception) => exception is CryptographicException or ArgumentException or NotSupportedException;

    /// <summary>Whoever made the certificate may have put anything into its subject.</summary>
    private static string Readable(string subject)
    {
        var text = new StringBuilder();
        foreach (var rune in subject.EnumerateRunes())
        {
            if (text.Length >= MaxSubjectLength)
            {
                break;
            }

            text.Append(PlainText.FindUnreadable(rune.ToString()) is null ? rune.ToString() : "\ufffd");
        }

        return text.ToString();
    }
}

/// <summary>A client certificate in responses.</summary>
/// <param name="Subject">Its distinguished name, at most about 256 characters.</param>
/// <param name="Thumbprint">Its SHA-1 hash in hexadecimal digits, by which Windows and Azure name certificates.</param>
/// <param name="ExpiresAt">The end of its validity.</param>
internal sealed record ClientCertificateDetails(string Subject, string Thumbprint, DateTimeOffset ExpiresAt);
