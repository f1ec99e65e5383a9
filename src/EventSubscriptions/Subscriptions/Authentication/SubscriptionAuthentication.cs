using System.Text.Json.Serialization;
using EventSubscriptions.Secrets;

namespace EventSubscriptions.Subscriptions.Authentication;

/// <summary>How requests prove to the receiver who sends them.</summary>
public abstract record SubscriptionAuthentication
{
    private SubscriptionAuthentication() { }

    /// <summary>Its name in the API and in the table.</summary>
    public abstract AuthenticationType Type { get; }

    /// <summary><c>Authorization: Bearer</c> with a fixed token (RFC 6750 §2.1).</summary>
    public sealed record Bearer(Secret Token) : SubscriptionAuthentication
    {
        public override AuthenticationType Type => AuthenticationType.Bearer;
    }

    /// <summary><c>Authorization: Basic</c> (RFC 7617), encoded as UTF-8.</summary>
    public sealed record Basic(string Username, Secret Password) : SubscriptionAuthentication
    {
        public override AuthenticationType Type => AuthenticationType.Basic;
    }

    /// <summary>A header of the receiver's own, such as <c>X-Api-Key</c> or <c>Authorization: Splunk …</c>.</summary>
    public sealed record Header(string Name, Secret Value) : SubscriptionAuthentication
    {
        public override AuthenticationType Type => AuthenticationType.Header;
    }

    /// <summary>An access token by OAuth 2.0 client credentials (RFC 6749 §4.4), sent as <c>Authorization: Bearer</c>.</summary>
    public sealed record OAuth2(
        Uri TokenUrl,
        string ClientId,
        Secret ClientSecret,
        string? Scope,
        string? Audience,
        ClientAuthentication ClientAuthentication
    ) : SubscriptionAuthentication
    {
        public override AuthenticationType Type => AuthenticationType.OAuth2;
    }

    /// <summary>An access token of a managed identity of the app, sent as <c>Authorization: Bearer</c>.</summary>
    public sealed record ManagedIdentity(string Resource) : SubscriptionAuthentication
    {
        public override AuthenticationType Type => AuthenticationType.ManagedIdentity;
    }

    /// <summary>Nothing but the URL.</summary>
    public sealed record None : SubscriptionAuthentication
    {
        public override AuthenticationType Type => AuthenticationType.None;
    }
}

/// <summary>The kinds of authentication.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<AuthenticationType>))]
public enum AuthenticationType
{
    [JsonStringEnumMemberName("bearer")]
    Bearer,

    [JsonStringEnumMemberName("basic")]
    Basic,

    [JsonStringEnumMemberName("header")]
    Header,

    [JsonStringEnumMemberName("oauth2")]
    OAuth2,

    [JsonStringEnumMemberName("managedIdentity")]
    ManagedIdentity,

    [JsonStringEnumMemberName("none")]
    None,
}

/// <summary>How a client authenticates at its token endpoint (RFC 6749 §2.3.1).</summary>
[JsonConverter(typeof(JsonStringEnumConverter<ClientAuthentication>))]
public enum ClientAuthentication
{
    /// <summary>The header <c>Authorization: Basic</c>.</summary>
    [JsonStringEnumMemberName("basic")]
    Basic,

    /// <summary><c>client_id</c> and <c>client_secret</c> in the form.</summary>
    [JsonStringEnumMemberName("body")]
    Body,
}
