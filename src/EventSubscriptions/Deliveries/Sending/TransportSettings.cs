using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using EventSubscriptions.Options;

namespace EventSubscriptions.Deliveries.Sending;

/// <summary>Reads the settings of connections to receivers.</summary>
internal static class TransportSettings
{
    private const string TrustedCertificates = "Deliveries__TrustedCertificates";
    private const string Proxy = "Deliveries__Proxy";

    /// <summary>Reads certificates in PEM. Line breaks may be spaces or <c>\n</c>, because not every tool can set several lines.</summary>
    public static X509Certificate2Collection ReadTrustedCertificates(OptionsReader reader)
    {
        var certificates = new X509Certificate2Collection();
        if (reader.Text(TrustedCertificates) is not { } text)
        {
            return certificates;
        }

        try
        {
            certificates.ImportFromPem(text.Replace("\\n", "\n", StringComparison.Ordinal));
        }
        catch (CryptographicException)
        {
            certificates.Clear();
        }

        if (certificates.Count == 0)
        {
            reader.AddError(TrustedCertificates, "must be one or more certificates in PEM, from -----BEGIN CERTIFICATE----- on");
        }

        if (certificates.FirstOrDefault(certificate => !IsRoot(certificate)) is { } other)
        {
            reader.AddError(
                TrustedCertificates,
                $"must be root certificates of authorities; number {certificates.IndexOf(other) + 1} was issued by another certificate"
            );
        }

        return certificates;
    }

    /// <summary>Reads the proxy of all requests, or null.</summary>
    public static WebProxy? ReadProxy(OptionsReader reader)
    {
        if (reader.Text(Proxy) is not { } text)
        {
            return null;
        }

        if (
            !Uri.TryCreate(text, UriKind.Absolute, out var url)
            || url.Scheme != Uri.UriSchemeHttp
            || url.PathAndQuery != "/"
            || url.Fragment.Length > 0
        )
        {
            reader.AddError(Proxy, "must be http://host:port or http://user:password@host:port");
            return null;
        }

        // The address without the password, because it is in messages of exceptions.
        var proxy = new WebProxy(url.GetComponents(UriComponents.SchemeAndServer, UriFormat.UriEscaped));
        if (url.UserInfo.Length > 0)
        {
            var parts = url.UserInfo.Split(':', 2);
            proxy.Credentials = new NetworkCredential(
                Uri.UnescapeDataString(parts[0]),
                Uri.UnescapeDataString(parts.ElementAtOrDefault(1) ?? "")
            );
        }

        return proxy;
    }

    private static bool IsRoot(X509Certificate2 certificate) =>
        certificate.SubjectName.RawData.AsSpan().SequenceEqual(certificate.IssuerName.RawData);
}
