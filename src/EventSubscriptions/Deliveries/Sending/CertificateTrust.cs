using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace EventSubscriptions.Deliveries.Sending;

/// <summary>Trusts internal authorities in addition to those of the system.</summary>
internal sealed class CertificateTrust(X509Certificate2Collection authorities)
{
    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";

    /// <summary>The callback of TLS handshakes; null if the system decides alone.</summary>
    public RemoteCertificateValidationCallback? Callback => authorities.Count > 0 ? Validate : null;

    private bool Validate(object sender, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        if (errors == SslPolicyErrors.None)
        {
            return true;
        }

        // Another error, such as a certificate of another host, doesn't depend on who has issued it.
        if (errors != SslPolicyErrors.RemoteCertificateChainErrors || certificate is not X509Certificate2 shown)
        {
            return false;
        }

        // One by one: an authority that has renewed its key has two roots of the same name.
        return authorities.Any(authority => IsFrom(authority, shown, chain?.ChainPolicy.ExtraStore ?? []));
    }

    private static bool IsFrom(X509Certificate2 authority, X509Certificate2 certificate, X509Certificate2Collection intermediates)
    {
        using var chain = new X509Chain();
        var policy = chain.ChainPolicy;
        policy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        policy.CustomTrustStore.Add(authority);
        policy.ExtraStore.AddRange(intermediates);
        policy.RevocationMode = X509RevocationMode.NoCheck;
        policy.ApplicationPolicy.Add(new Oid(ServerAuthentication));
        // The certificate names addresses to download from.
        policy.DisableCertificateDownloads = true;
        var isTrusted = chain.Build(certificate);
        foreach (var element in chain.ChainElements)
        {
            element.Certificate.Dispose();
        }

        return isTrusted;
    }
}
