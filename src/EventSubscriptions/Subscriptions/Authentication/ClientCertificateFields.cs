using System.Buffers;
using System.Text.Json;
using EventSubscriptions.Http;
using EventSubscriptions.Secrets;

namespace EventSubscriptions.Subscriptions.Authentication;

/// <summary>The fields of <c>clientCertificate</c>, in requests and in the table.</summary>
internal static class ClientCertificateFields
{
    public const string Name = "clientCertificate";

    private const string CertificateName = "certificate";
    private const string KeyName = "privateKey";

    /// <summary>Of both texts, in characters.</summary>
    private const int MaxLength = 16 * 1024;

    /// <summary>Reads a client certificate and reports every error. No error repeats a text.</summary>
    public static ClientCertificate? Read(FieldReader fields, DateTimeOffset now)
    {
        if (fields.Value(Name) is not { } value)
        {
            return null;
        }

        var reader = new FieldReader(value, fields.Errors, $"{Name}.");
        var certificateText = reader.Text(CertificateName, required: true, minLength: 1);
        var keyText = reader.Text(KeyName, required: true, minLength: 1);
        reader.ReportUnknown();
        if (certificateText?.Length + keyText?.Length > MaxLength)
        {
            fields.AddError(Name, $"must have at most {MaxLength} characters in all");
            return null;
        }

        string? certificate = null;
        if (certificateText is not null && !ClientCertificate.TryParseCertificate(certificateText, out certificate))
        {
            reader.AddError(CertificateName, "must be a certificate in PEM, optionally followed by its intermediates");
        }

        Secret? key = null;
        if (keyText is not null && !ClientCertificate.TryParseKey(keyText, out key))
        {
            reader.AddError(KeyName, "must be a private key in PEM that is not encrypted with a password");
        }

        if (certificate is null || key is null)
        {
            return null;
        }

        var read = new ClientCertificate(certificate, key);
        if (!read.HasMatchingKey())
        {
            reader.AddError(KeyName, "must be the RSA or elliptic-curve key of the first certificate");
            return null;
        }

        if (read.Details.ExpiresAt is var expiry && expiry <= now)
        {
            reader.AddError(CertificateName, $"expired on {expiry:yyyy-MM-dd}");
            return null;
        }

        return read;
    }

    /// <summary>Reads what was stored.</summary>
    public static ClientCertificate Parse(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json);
        var stored = JsonElement.ParseValue(ref reader);
        return new ClientCertificate(
            stored.GetProperty(CertificateName).GetString()!,
            new Secret(stored.GetProperty(KeyName).GetString()!)
        );
    }

    /// <summary>What is stored, the private key included.</summary>
    public static byte[] Write(ClientCertificate certificate)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer, ApiJson.Writing))
        {
            writer.WriteStartObject();
            writer.WriteString(CertificateName, certificate.Certificate);
            writer.WriteString(KeyName, certificate.PrivateKey.Reveal());
            writer.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }
}
