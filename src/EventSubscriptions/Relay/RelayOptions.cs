using EventSubscriptions.Options;
using EventSubscriptions.Organizations;
using EventSubscriptions.Secrets;

namespace EventSubscriptions.Relay;

/// <summary>The settings <c>Relay__…</c>. Without a subscriber nothing is polled.</summary>
public sealed record RelayOptions
{
    private const string Prefix = "Relay";
    private const string SubscribersPrefix = "Relay__Subscribers";

    private static readonly TimeSpan s_longestOverlap = TimeSpan.FromDays(1);

    /// <summary>The address of the Relay API.</summary>
    public Uri BaseAddress { get; init; } = new("https://api.relaypro.com");

    /// <summary>
    /// How much later than its timestamp an event may become visible: each poll starts this far before the newest known event.
    /// </summary>
    public TimeSpan Overlap { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>The subscribers to poll. Their ids are unique.</summary>
    public IReadOnlyList<RelaySubscriber> Subscribers { get; init; } = [];

    /// <summary>Reads and checks the settings.</summary>
    public static RelayOptions Read(OptionsReader reader)
    {
        var defaultValue = new RelayOptions();
        reader.ExpectOnly(Prefix, "BaseAddress", "Overlap", "Subscribers");
        return new RelayOptions
        {
            BaseAddress = ReadBaseAddress(reader, "Relay__BaseAddress") ?? defaultValue.BaseAddress,
            Overlap = reader.Duration("Relay__Overlap", defaultValue.Overlap, TimeSpan.Zero, s_longestOverlap),
            Subscribers = ReadSubscribers(reader),
        };
    }

    private static Uri? ReadBaseAddress(OptionsReader reader, string name)
    {
        if (reader.Text(name) is not { } text)
        {
            return null;
        }

        if (
            !Uri.TryCreate(text, UriKind.Absolute, out var address)
            || (address.Scheme != Uri.UriSchemeHttps && address.Scheme != Uri.UriSchemeHttp)
        )
        {
            reader.AddError(name, "must be an absolute URL that starts with https://");
        }
        else if (address.Scheme == Uri.UriSchemeHttp && !address.IsLoopback)
        {
            reader.AddError(name, "must start with https://, because the API key is sent there; http:// is for loopback addresses");
        }
        else if (address.UserInfo.Length > 0 || address.Query.Length > 0 || address.Fragment.Length > 0)
        {
            reader.AddError(name, "must not have user info, a query or a fragment");
        }
        else
        {
            return address;
        }

        return null;
    }

    private static List<RelaySubscriber> ReadSubscribers(OptionsReader reader)
    {
        var subscribers = new List<RelaySubscriber>();
        var owners = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var prefix in reader.Names(SubscribersPrefix).Select(number => $"{SubscribersPrefix}__{number}"))
        {
            var (id, key, organization) = ($"{prefix}__SubscriberId", $"{prefix}__ApiKey", $"{prefix}__OrganizationId");
            reader.ExpectOnly(prefix, "SubscriberId", "ApiKey", "OrganizationId");
            if (reader.Text(id) is null && reader.Text(key) is null && reader.Text(organization) is null && reader.Text(prefix) is null)
            {
                // A placeholder that a template left empty.
                continue;
            }

            var subscriberId = ReadSubscriberId(reader, id);
            var apiKey = ReadApiKey(reader, key);
            var organizationId = ReadOrganization(reader, organization);
            if (subscriberId is not null && !owners.TryAdd(subscriberId, id))
            {
                reader.AddError(id, $"is the same as {owners[subscriberId]}");
            }
            else if (subscriberId is not null && apiKey is not null && organizationId is not null)
            {
                subscribers.Add(new RelaySubscriber(subscriberId, apiKey, organizationId.Value));
            }
        }

        return subscribers;
    }

    private static string? ReadSubscriberId(OptionsReader reader, string name)
    {
        var text = reader.RequiredText(name);
        if (
            text is null
            || (text.Length <= RelaySubscriber.MaxIdLength && text.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '-' or '_'))
        )
        {
            return text;
        }

        reader.AddError(name, $"must be 1 to {RelaySubscriber.MaxIdLength} characters of A–Z, a–z, 0–9, _ and -");
        return null;
    }

    private static Secret? ReadApiKey(OptionsReader reader, string name)
    {
        var text = reader.RequiredText(name);
        if (text is null || (text.Length <= RelaySubscriber.MaxKeyLength && text.All(letter => letter is > ' ' and <= '~')))
        {
            return text is null ? null : new Secret(text);
        }

        reader.AddError(name, $"must be 1 to {RelaySubscriber.MaxKeyLength} printable ASCII characters without spaces");
        return null;
    }

    private static OrganizationId? ReadOrganization(OptionsReader reader, string name)
    {
        if (reader.RequiredText(name) is not { } text)
        {
            return null;
        }

        if (OrganizationId.TryParse(text, out var organization))
        {
            return organization;
        }

        reader.AddError(name, "must be a whole number from 0 to 2147483647");
        return null;
    }
}

/// <summary>A Relay subscriber.</summary>
/// <param name="Id">Its id at Relay.</param>
/// <param name="ApiKey">Its API key at Relay.</param>
/// <param name="OrganizationId">The organization that its events belong to.</param>
public sealed record RelaySubscriber(string Id, Secret ApiKey, OrganizationId OrganizationId)
{
    /// <summary>The longest id in characters.</summary>
    public const int MaxIdLength = 128;

    /// <summary>The longest API key in characters.</summary>
    public const int MaxKeyLength = 1024;
}
