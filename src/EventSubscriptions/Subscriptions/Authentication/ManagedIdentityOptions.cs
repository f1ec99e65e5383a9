using EventSubscriptions.Destinations;
using EventSubscriptions.Options;

namespace EventSubscriptions.Subscriptions.Authentication;

/// <summary>
/// The settings <c>Deliveries__ManagedIdentities__N__…</c>: the managed identities that subscriptions may use. There is none by default.
/// </summary>
public sealed record ManagedIdentityOptions
{
    private const string Prefix = "Deliveries__ManagedIdentities";
    private const int MaxResourceLength = 256;

    /// <summary>The client id of the app's own identity, for Azure.Identity.</summary>
    private const string OwnClientId = "AZURE_CLIENT_ID";

    /// <summary>Their resources are unique.</summary>
    public IReadOnlyList<ManagedIdentity> All { get; init; } = [];

    /// <summary>The identity for a resource, or null.</summary>
    public ManagedIdentity? Find(string resource) => All.FirstOrDefault(identity => identity.Resource == resource);

    /// <summary>Why a resource may not be used for a URL, as the rest of a sentence; null if it may.</summary>
    public string? Check(string resource, Uri url) =>
        Find(resource) is not { } identity ? "is not a resource that Deliveries__ManagedIdentities names"
        : !identity.Allows(url) ? "may not be used for the host of the URL: its setting Hosts doesn't name it"
        : null;

    /// <summary>Reads and checks the settings.</summary>
    public static ManagedIdentityOptions Read(OptionsReader reader)
    {
        var own = reader.Text(OwnClientId);
        var identities = new List<ManagedIdentity>();
        foreach (var prefix in reader.Names(Prefix).Select(number => $"{Prefix}__{number}"))
        {
            var (resource, clientId, hosts) = ($"{prefix}__Resource", $"{prefix}__ClientId", $"{prefix}__Hosts");
            reader.ExpectOnly(prefix, "Resource", "ClientId", "Hosts");
            if (reader.Text(resource) is null && reader.Text(clientId) is null && reader.Text(hosts) is null)
            {
                // A placeholder that a template left empty.
                continue;
            }

            var (readResource, readClientId, readHosts) = (
                ReadResource(reader, resource),
                ReadClientId(reader, clientId, own),
                ReadHosts(reader, hosts)
            );
            if (identities.Exists(other => other.Resource == readResource))
            {
                reader.AddError(resource, "is the resource of another identity");
            }
            else if (readResource is not null && readClientId is not null && readHosts is not null)
            {
                identities.Add(new ManagedIdentity(readResource, readClientId, readHosts));
            }
        }

        return new ManagedIdentityOptions { All = identities };
    }

    private static string? ReadResource(OptionsReader reader, string name)
    {
        var text = reader.RequiredText(name);
        if (text is null || (text.Length <= MaxResourceLength && text.All(letter => letter is > ' ' and <= '~')))
        {
            return text;
        }

        reader.AddError(name, $"must be 1 to {MaxResourceLength} printable ASCII characters without spaces, such as api://receiver");
        return null;
    }

    private static string? ReadClientId(OptionsReader reader, string name, string? own)
    {
        if (reader.RequiredText(name) is not { } text)
        {
            return null;
        }

        if (!Guid.TryParseExact(text, "D", out var id))
        {
            reader.AddError(name, "must be the client id (a GUID) of a user-assigned managed identity");
            return null;
        }

        if (Guid.TryParse(own, out var ownId) && id == ownId)
        {
            reader.AddError(name, $"must not be that of the app's own identity ({OwnClientId}), which can read its data");
            return null;
        }

        return id.ToString("D");
    }

    private static HashSet<string>? ReadHosts(OptionsReader reader, string name)
    {
        var hosts = reader.RequiredText(name)?.Split(',', StringSplitOptions.TrimEntries);
        if (hosts is null || Array.TrueForAll(hosts, host => Uri.CheckHostName(host) == UriHostNameType.Dns))
        {
            return hosts?.ToHashSet(StringComparer.OrdinalIgnoreCase);
        }

        reader.AddError(name, "must be comma-separated host names, such as receiver.example.com");
        return null;
    }
}

/// <summary>A managed identity that subscriptions may use.</summary>
/// <param name="Resource">What its tokens are for.</param>
/// <param name="ClientId">The client id of the user-assigned identity.</param>
/// <param name="Hosts">The hosts that its tokens may be sent to.</param>
public sealed record ManagedIdentity(string Resource, string ClientId, IReadOnlySet<string> Hosts)
{
    /// <summary>Whether its tokens may be sent to a URL.</summary>
    public bool Allows(Uri url) => HostName.TryGetAscii(url, out var host) && Hosts.Contains(host);
}
