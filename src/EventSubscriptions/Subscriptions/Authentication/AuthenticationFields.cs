using System.Buffers;
using System.Text.Json;
using EventSubscriptions.Http;
using EventSubscriptions.Secrets;

namespace EventSubscriptions.Subscriptions.Authentication;

/// <summary>The fields of <c>authentication</c>, in requests and in the table.</summary>
internal static class AuthenticationFields
{
    public const string Name = "authentication";
    public const string TokenName = "token";

    private const int MaxSecretLength = 4096;
    private const int MaxNameLength = 256;
    private const int MaxScopeLength = 1024;

    /// <summary>Reads <c>authentication</c>, or <c>token</c> as its shorthand for a bearer token, and reports every error.</summary>
    public static SubscriptionAuthentication? Read(FieldReader fields, bool isNew, SubscriptionRules rules)
    {
        var isGiven = fields.Has(Name);
        var hasToken = fields.Has(TokenName);
        if (isGiven && hasToken)
        {
            fields.AddError(TokenName, $"must not be given together with {Name}");
            return null;
        }

        if (isNew && !isGiven && !hasToken)
        {
            fields.AddError(TokenName, $"is required, unless {Name} is given");
            return null;
        }

        if (!isGiven)
        {
            return ReadToken(fields, TokenName, required: hasToken) is { } token ? new SubscriptionAuthentication.Bearer(token) : null;
        }

        if (fields.Value(Name, required: true) is not { } value)
        {
            return null;
        }

        var reader = new FieldReader(value, fields.Errors, $"{Name}.");
        var authentication = Read(reader, url => SubscriptionUrl.Read(reader, url, required: true, rules.Guard));
        reader.ReportUnknown();
        return authentication;
    }

    /// <summary>Reads what was stored.</summary>
    public static SubscriptionAuthentication Parse(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json);
        var errors = new FieldErrors();
        var fields = new FieldReader(JsonElement.ParseValue(ref reader), errors);
        return Read(fields, name => new Uri(fields.Text(name)!, UriKind.Absolute))
            ?? throw new InvalidDataException("The authentication of a subscription is not valid.");
    }

    /// <summary>What is stored, secrets included.</summary>
    public static byte[] Write(SubscriptionAuthentication authentication)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer, ApiJson.Writing))
        {
            writer.WriteStartObject();
            writer.WriteString("type", authentication.Type.ToName());
            switch (authentication)
            {
                case SubscriptionAuthentication.Bearer bearer:
                    writer.WriteString(TokenName, bearer.Token.Reveal());
                    break;
                case SubscriptionAuthentication.Basic basic:
                    writer.WriteString("username", basic.Username);
                    writer.WriteString("password", basic.Password.Reveal());
                    break;
                case SubscriptionAuthentication.Header header:
                    writer.WriteString("name", header.Name);
                    writer.WriteString("value", header.Value.Reveal());
                    break;
                case SubscriptionAuthentication.OAuth2 oauth:
                    writer.WriteString("tokenUrl", oauth.TokenUrl.OriginalString);
                    writer.WriteString("clientId", oauth.ClientId);
                    writer.WriteString("clientSecret", oauth.ClientSecret.Reveal());
                    writer.WriteString("scope", oauth.Scope);
                    writer.WriteString("audience", oauth.Audience);
                    writer.WriteString("clientAuthentication", oauth.ClientAuthentication.ToName());
                    break;
                case SubscriptionAuthentication.ManagedIdentity identity:
                    writer.WriteString("resource", identity.Resource);
                    break;
            }

            writer.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }

    private static SubscriptionAuthentication? Read(FieldReader fields, Func<string, Uri?> readUrl)
    {
        switch (fields.OneOf<AuthenticationType>("type", required: true))
        {
            case AuthenticationType.Bearer:
                return ReadToken(fields, TokenName, required: true) is { } token ? new SubscriptionAuthentication.Bearer(token) : null;
            case AuthenticationType.Basic:
                var (username, password) = (ReadText(fields, "username", MaxNameLength), ReadSecretText(fields, "password"));
                if (username?.Contains(':', StringComparison.Ordinal) is true)
                {
                    fields.AddError("username", "must not have a colon, which separates it from the password");
                    return null;
                }

                return username is null || password is null ? null : new SubscriptionAuthentication.Basic(username, new Secret(password));
            case AuthenticationType.Header:
                return ReadHeader(fields);
            case AuthenticationType.OAuth2:
                return ReadOAuth2(fields, readUrl);
            case AuthenticationType.ManagedIdentity:
                return ReadText(fields, "resource", MaxNameLength) is { } resource
                    ? new SubscriptionAuthentication.ManagedIdentity(resource)
                    : null;
            case AuthenticationType.None:
                return new SubscriptionAuthentication.None();
            default:
                return null;
        }
    }

    private static SubscriptionAuthentication.Header? ReadHeader(FieldReader fields)
    {
        var name = fields.Text("name", required: true, minLength: 1);
        var value = ReadSecret(fields, "value", required: true);
        if (name is not null && RequestHeader.CheckName(name) is { } nameError)
        {
            name = fields.AddError("name", nameError);
        }

        if (value is not null && RequestHeader.CheckValue(value) is { } valueError)
        {
            value = fields.AddError("value", valueError);
        }

        return name is null || value is null ? null : new SubscriptionAuthentication.Header(name, new Secret(value));
    }

    private static SubscriptionAuthentication.OAuth2? ReadOAuth2(FieldReader fields, Func<string, Uri?> readUrl)
    {
        var url = readUrl("tokenUrl");
        var id = ReadText(fields, "clientId", MaxNameLength);
        var secret = ReadSecretText(fields, "clientSecret");
        var scope = ReadText(fields, "scope", MaxScopeLength, required: false);
        var audience = ReadText(fields, "audience", MaxScopeLength, required: false);
        var method = fields.OneOf<ClientAuthentication>("clientAuthentication") ?? ClientAuthentication.Basic;
        return url is null || id is null || secret is null
            ? null
            : new SubscriptionAuthentication.OAuth2(url, id, new Secret(secret), scope, audience, method);
    }

    private static Secret? ReadToken(FieldReader fields, string name, bool required)
    {
        var token = ReadSecret(fields, name, required);
        if (token is not null && token.AsSpan().ContainsAnyExceptInRange('!', '~'))
        {
            fields.AddError(name, "must be printable ASCII characters without spaces, because it is sent in a header");
            return null;
        }

        return token is null ? null : new Secret(token);
    }

    private static string? ReadSecretText(FieldReader fields, string name)
    {
        var text = ReadSecret(fields, name, required: true);
        return text is not null && text.Any(char.IsControl) ? fields.AddError(name, "must not have control characters") : text;
    }

    /// <summary>A secret that is not the mask of one.</summary>
    private static string? ReadSecret(FieldReader fields, string name, bool required)
    {
        var text = fields.Text(name, required, minLength: 1, maxLength: MaxSecretLength);
        return text == DisplayUrl.Masked ? fields.AddError(name, SubscriptionUrl.MustBeGivenInFull) : text;
    }

    private static string? ReadText(FieldReader fields, string name, int maxLength, bool required = true)
    {
        var text = fields.Text(name, required, minLength: 1, maxLength);
        return text is not null && text.Any(char.IsControl) ? fields.AddError(name, "must not have control characters") : text;
    }
}
