using System.Globalization;
using System.Text;
using Azure.Data.Tables;
using EventSubscriptions.Organizations;
using EventSubscriptions.Secrets;
using EventSubscriptions.Storage;
using EventSubscriptions.Subscriptions.Authentication;
using EventSubscriptions.Subscriptions.Filters;
using EventSubscriptions.Subscriptions.Formats;

namespace EventSubscriptions.Subscriptions;

/// <summary>A subscription as a row <c>s:{id}</c>.</summary>
internal static class SubscriptionRow
{
    public const string Prefix = "s:";

    /// <summary>The first key after those of subscriptions.</summary>
    public const string End = "s;";

    public const string CooldownPrefix = "r:";
    public const string DroppedPrefix = "d:";
    public const string ExternalIdPrefix = "x:";

    /// <summary>When the client certificate expires, in clear.</summary>
    public const string CertificateExpiresAtColumn = "certificateExpiresAt";

    private const string UrlColumn = "url";
    private const string TokenColumn = "token";
    private const string AuthenticationColumn = "authentication";
    private const string HeadersColumn = "headers";
    private const string ClientCertificateColumn = "clientCertificate";
    private const string SigningSecretsColumn = "signingSecrets";
    private const string FormatColumn = "format";
    private const string FilterColumn = "filter";
    private const char ItemSeparator = ',';

    public static string Key(SubscriptionId id) => $"{Prefix}{id}";

    /// <summary>The key of its cooldown row.</summary>
    public static string CooldownKey(SubscriptionId id) => $"{CooldownPrefix}{id}";

    /// <summary>The key of the row that counts dropped deliveries after it was deleted.</summary>
    public static string DroppedKey(SubscriptionId id) => $"{DroppedPrefix}{id}";

    /// <summary>The row that makes an external id unique within its organization.</summary>
    public static TableEntity MakeExternalId(Subscription subscription) =>
        new(subscription.OrganizationId.ToString(), $"{ExternalIdPrefix}{subscription.ExternalId}")
        {
            ["subscriptionId"] = subscription.Id.ToString(),
        };

    public static TableEntity Make(Subscription subscription, SecretProtector protector)
    {
        var (partition, key) = (subscription.OrganizationId.ToString(), Key(subscription.Id));
        var row = new TableEntity(partition, key)
        {
            ["name"] = subscription.Name,
            [UrlColumn] = protector.Protect(Encoding.UTF8.GetBytes(subscription.Url.OriginalString), Place(partition, key, UrlColumn)),
            [SigningSecretsColumn] = protector.Protect(subscription.SigningSecrets.ToBytes(), Place(partition, key, SigningSecretsColumn)),
            ["events"] = string.Join(ItemSeparator, subscription.Events),
            ["isActive"] = subscription.IsActive,
            ["createdAt"] = subscription.CreatedAt,
            ["updatedAt"] = subscription.UpdatedAt,
        };
        // A bearer token has its own column, which versions before this one read.
        var (column, secret) = subscription.Authentication is SubscriptionAuthentication.Bearer bearer
            ? (TokenColumn, Encoding.UTF8.GetBytes(bearer.Token.Reveal()))
            : (AuthenticationColumn, AuthenticationFields.Write(subscription.Authentication));
        row[column] = protector.Protect(secret, Place(partition, key, column));
        if (subscription.Headers.Values.Count > 0)
        {
            row[HeadersColumn] = protector.Protect(subscription.Headers.ToBytes(), Place(partition, key, HeadersColumn));
        }

        if (subscription.Format is not SubscriptionFormat.Standard)
        {
            row[FormatColumn] = protector.Protect(FormatFields.Write(subscription.Format), Place(partition, key, FormatColumn));
        }

        if (subscription.ClientCertificate is { } certificate)
        {
            row[ClientCertificateColumn] = protector.Protect(
                ClientCertificateFields.Write(certificate),
                Place(partition, key, ClientCertificateColumn)
            );
            row[CertificateExpiresAtColumn] = certificate.Details.ExpiresAt;
            row.Set("auditedCertificate", subscription.AuditedCertificate);
        }

        if (subscription.UrlIsSecret)
        {
            row["urlIsSecret"] = true;
        }

        if (subscription.Description is not null)
        {
            row["description"] = subscription.Description;
        }

        if (subscription.RateLimitPerSecond is { } limit)
        {
            row["rateLimitPerSecond"] = limit;
        }

        if (subscription.Labels.Values.Count > 0)
        {
            row["labels"] = subscription.Labels.ToJson();
        }

        row.Set("externalId", subscription.ExternalId);
        row.Set(FilterColumn, subscription.Filter?.Json);
        row.Set("deadlineSeconds", subscription.Deadline?.TotalSeconds);
        row.Set(
            "retrySchedule",
            subscription.RetrySchedule is { } schedule
                ? string.Join(ItemSeparator, schedule.Select(wait => wait.ToString("c", CultureInfo.InvariantCulture)))
                : null
        );
        row.ETag = subscription.ETag;
        return row;
    }

    public static Subscription Read(TableEntity row, SecretProtector protector)
    {
        if (!OrganizationId.TryParse(row.PartitionKey, out var organization))
        {
            throw new InvalidDataException(
                $"The partition '{row.PartitionKey}' of the table {TableNames.Subscriptions} is not an organization."
            );
        }

        return new Subscription
        {
            OrganizationId = organization,
            Id = Id(row),
            Name = row.RequireString("name"),
            Description = row.GetString("description"),
            Url = new Uri(Url(row, protector), UriKind.Absolute),
            Authentication = Authentication(row, protector),
            Headers = Headers(row, protector),
            ClientCertificate = row.GetBinary(ClientCertificateColumn) is { } certificate
                ? ClientCertificateFields.Parse(
                    protector.Unprotect(certificate, Place(row.PartitionKey, row.RowKey, ClientCertificateColumn))
                )
                : null,
            AuditedCertificate = row.GetString("auditedCertificate"),
            // A row of a version before the column: what was shown stays shown.
            UrlIsSecret = row.GetBoolean("urlIsSecret") ?? false,
            SigningSecrets = SigningSecretsOf(row, protector),
            Events = Events(row),
            IsActive = row.GetBoolean("isActive") ?? false,
            RateLimitPerSecond = row.GetInt32("rateLimitPerSecond"),
            Labels = row.GetString("labels") is { } labels ? SubscriptionLabels.Parse(labels) : SubscriptionLabels.None,
            ExternalId = row.GetString("externalId"),
            Filter = Filter(row),
            Format = Format(row, protector),
            Deadline = row.GetDouble("deadlineSeconds") is { } seconds ? TimeSpan.FromSeconds(seconds) : null,
            RetrySchedule = row.GetString("retrySchedule") is { } schedule
                ? [.. schedule.Split(ItemSeparator).Select(wait => TimeSpan.ParseExact(wait, "c", CultureInfo.InvariantCulture))]
                : null,
            CreatedAt = row.RequireTime("createdAt"),
            UpdatedAt = row.RequireTime("updatedAt"),
            ETag = row.ETag,
        };
    }

    public static SubscriptionId Id(TableEntity row) =>
        SubscriptionId.TryParse(row.RowKey[Prefix.Length..], out var id)
            ? id
            : throw new InvalidDataException($"The row '{row.RowKey}' of the table {TableNames.Subscriptions} is not a subscription.");

    public static IReadOnlyList<string> Events(TableEntity row) => row.RequireString("events").Split(ItemSeparator);

    public static SubscriptionFilter? Filter(TableEntity row) =>
        row.GetString(FilterColumn) is { } filter ? SubscriptionFilter.Parse(filter) : null;

    /// <summary>The URL, whose query may hold credentials. Rows of version 0.1 have it in clear.</summary>
    private static string Url(TableEntity row, SecretProtector protector) => row[UrlColumn] as string ?? Text(row, UrlColumn, protector);

    private static string Text(TableEntity row, string column, SecretProtector protector) =>
        Encoding.UTF8.GetString(protector.Unprotect(row.GetBinary(column), Place(row.PartitionKey, row.RowKey, column)));

    private static SubscriptionAuthentication Authentication(TableEntity row, SecretProtector protector) =>
        row.GetBinary(AuthenticationColumn) is { } stored
            ? AuthenticationFields.Parse(protector.Unprotect(stored, Place(row.PartitionKey, row.RowKey, AuthenticationColumn)))
            : new SubscriptionAuthentication.Bearer(new Secret(Text(row, TokenColumn, protector)));

    private static SubscriptionHeaders Headers(TableEntity row, SecretProtector protector) =>
        row.GetBinary(HeadersColumn) is { } stored
            ? SubscriptionHeaders.Parse(protector.Unprotect(stored, Place(row.PartitionKey, row.RowKey, HeadersColumn)))
            : SubscriptionHeaders.None;

    private static SubscriptionFormat Format(TableEntity row, SecretProtector protector) =>
        row.GetBinary(FormatColumn) is { } stored
            ? FormatFields.Parse(protector.Unprotect(stored, Place(row.PartitionKey, row.RowKey, FormatColumn)))
            : SubscriptionFormat.Default;

    private static SigningSecrets SigningSecretsOf(TableEntity row, SecretProtector protector) =>
        row.GetBinary(SigningSecretsColumn) is { } secrets
            ? SigningSecrets.Read(protector.Unprotect(secrets, Place(row.PartitionKey, row.RowKey, SigningSecretsColumn)))
            : SigningSecrets.None;

    private static SecretPlace Place(string partition, string key, string column) => new(TableNames.Subscriptions, partition, key, column);
}
