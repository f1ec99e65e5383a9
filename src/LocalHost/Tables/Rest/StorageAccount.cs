namespace LocalHost.Tables.Rest;

/// <summary>A storage account's Table endpoint, name and key. <see cref="ToString"/> shows no key.</summary>
internal sealed class StorageAccount(Uri endpoint, string name, byte[] key)
{
    // Public knowledge: the account that every emulator has.
    private const string DevelopmentName = "devstoreaccount1";
    private const string DevelopmentKey = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

    public Uri Endpoint { get; } = endpoint;

    public string Name { get; } = name;

    public ReadOnlySpan<byte> Key => key;

    /// <summary>Reads <c>UseDevelopmentStorage=true</c> or <c>AccountName=…;AccountKey=…</c> with <c>TableEndpoint</c>, or <c>DefaultEndpointsProtocol</c> and <c>EndpointSuffix</c>.</summary>
    /// <exception cref="FormatException">Something is missing or malformed.</exception>
    public static StorageAccount Parse(string connectionString)
    {
        var settings = Settings(connectionString);
        if (settings.GetValueOrDefault("UseDevelopmentStorage") is "true")
        {
            return new StorageAccount(new Uri($"http://127.0.0.1:10002/{DevelopmentName}"), DevelopmentName, Convert.FromBase64String(DevelopmentKey));
        }

        if (settings.ContainsKey("SharedAccessSignature"))
        {
            throw new NotSupportedException("The local host connects to tables with an account key or an identity, not with a shared access signature.");
        }

        var name = Required(settings, "AccountName");
        var endpoint = settings.GetValueOrDefault("TableEndpoint")
            ?? $"{settings.GetValueOrDefault("DefaultEndpointsProtocol", "https")}://{name}.table.{settings.GetValueOrDefault("EndpointSuffix", "core.windows.net")}";
        var key = new byte[256];
        return !Convert.TryFromBase64String(Required(settings, "AccountKey"), key, out var length)
            ? throw new FormatException("The storage connection string's AccountKey is not base64.")
            : Uri.TryCreate(endpoint.TrimEnd('/'), UriKind.Absolute, out var uri)
            ? new StorageAccount(uri, name, key[..length])
            : throw new FormatException("The storage connection string's TableEndpoint is not a URI.");
    }

    public override string ToString() => $"{Name} at {Endpoint}";

    private static Dictionary<string, string> Settings(string connectionString)
    {
        var settings = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var part in connectionString.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            var at = part.IndexOf('=', StringComparison.Ordinal);
            if (at <= 0)
            {
                throw new FormatException("A storage connection string is a list of name=value, separated by semicolons.");
            }

            settings[part[..at].Trim()] = part[(at + 1)..].Trim();
        }

        return settings;
    }

    private static string Required(Dictionary<string, string> settings, string name) =>
        settings.TryGetValue(name, out var value) && value.Length > 0
            ? value
            : throw new FormatException($"The storage connection string has no {name}.");
}
