using EventSubscriptions.Audit;
using EventSubscriptions.Http;
using EventSubscriptions.Subscriptions.Authentication;
using EventSubscriptions.Subscriptions.Formats;

namespace EventSubscriptions.Subscriptions;

/// <summary>The audit entries of changes to a subscription.</summary>
internal static class SubscriptionAudit
{
    private const string Hidden = "***";

    public static AuditEntry Created(Subscription subscription, Actor actor) =>
        Entry(AuditType.SubscriptionCreated, subscription, actor, subscription.CreatedAt, Compare(null, subscription));

    public static AuditEntry Deleted(Subscription subscription, Actor actor, DateTimeOffset at) =>
        Entry(AuditType.SubscriptionDeleted, subscription, actor, at, Compare(subscription, null));

    /// <summary>A new signing secret, and how long the previous one keeps signing.</summary>
    public static AuditEntry SecretRotated(Subscription subscription, Actor actor, TimeSpan overlap) =>
        Entry(
            AuditType.SubscriptionSecretRotated,
            subscription,
            actor,
            subscription.UpdatedAt,
            new(StringComparer.Ordinal)
            {
                ["signingSecret"] = new(Hidden, Hidden),
                ["previousSecretUntil"] = new(null, subscription.UpdatedAt + overlap),
            }
        );

    /// <summary>One entry for a change of its state, and one for all other changes; none if nothing has changed.</summary>
    public static IReadOnlyList<AuditEntry> Changed(Subscription before, Subscription after, Actor actor)
    {
        List<AuditEntry> entries = [];
        var changes = Compare(before, after);
        if (changes.Remove("isActive", out var activity))
        {
            entries.Add(
                Entry(
                    after.IsActive ? AuditType.SubscriptionActivated : AuditType.SubscriptionDeactivated,
                    after,
                    actor,
                    after.UpdatedAt,
                    new(StringComparer.Ordinal) { ["isActive"] = activity }
                )
            );
        }

        if (changes.Count > 0)
        {
            entries.Add(Entry(AuditType.SubscriptionUpdated, after, actor, after.UpdatedAt, changes));
        }

        return entries;
    }

    /// <summary>The app deactivated the subscription.</summary>
    public static AuditEntry Deactivated(Subscription before, Subscription after, AuditError error) =>
        Entry(AuditType.SubscriptionDeactivated, after, actor: null, after.UpdatedAt, Compare(before, after)) with
        {
            Error = error,
        };

    /// <summary>The client certificate expires soon.</summary>
    public static AuditEntry CertificateExpiring(Subscription subscription, ClientCertificateDetails certificate, DateTimeOffset at) =>
        Entry(
            AuditType.SubscriptionCertificateExpiring,
            subscription,
            actor: null,
            at,
            new(StringComparer.Ordinal) { ["expiresAt"] = new(null, certificate.ExpiresAt) }
        );

    private static AuditEntry Entry(
        AuditType type,
        Subscription subscription,
        Actor? actor,
        DateTimeOffset at,
        Dictionary<string, AuditChange> changes
    ) =>
        new()
        {
            Type = type,
            Timestamp = at,
            OrganizationId = subscription.OrganizationId,
            SubscriptionId = subscription.Id,
            Url = DisplayUrl.Of(subscription),
            Actor = actor,
            Changes = changes,
        };

    private static Dictionary<string, AuditChange> Compare(Subscription? before, Subscription? after)
    {
        var changes = new Dictionary<string, AuditChange>(StringComparer.Ordinal);
        void Add(string member, object? from, object? to, bool changed)
        {
            if (changed)
            {
                changes.Add(member, new AuditChange(from, to));
            }
        }

        Add("name", before?.Name, after?.Name, before?.Name != after?.Name);
        Add("description", before?.Description, after?.Description, before?.Description != after?.Description);
        Add("url", Display(before), Display(after), before?.Url.OriginalString != after?.Url.OriginalString);
        Add("urlIsSecret", before?.UrlIsSecret, after?.UrlIsSecret, (before?.UrlIsSecret ?? false) != (after?.UrlIsSecret ?? false));
        var isBearer =
            before?.Authentication is null or SubscriptionAuthentication.Bearer
            && after?.Authentication is null or SubscriptionAuthentication.Bearer;
        Add(
            isBearer ? AuthenticationFields.TokenName : AuthenticationFields.Name,
            isBearer ? Mask(before) : Describe(before),
            isBearer ? Mask(after) : Describe(after),
            before?.Authentication != after?.Authentication
        );
        Add(
            "headers",
            HeadersOf(before),
            HeadersOf(after),
            !(before?.Headers ?? SubscriptionHeaders.None).Equals(after?.Headers ?? SubscriptionHeaders.None)
        );
        Add(
            ClientCertificateFields.Name,
            Mask(before?.ClientCertificate),
            Mask(after?.ClientCertificate),
            before?.ClientCertificate != after?.ClientCertificate
        );
        Add(
            "events",
            before?.Events,
            after?.Events,
            before is null || after is null || !before.Events.SequenceEqual(after.Events, StringComparer.Ordinal)
        );
        Add("isActive", before?.IsActive, after?.IsActive, before?.IsActive != after?.IsActive);
        Add(
            "rateLimitPerSecond",
            before?.RateLimitPerSecond,
            after?.RateLimitPerSecond,
            before?.RateLimitPerSecond != after?.RateLimitPerSecond
        );
        Add("filter", Mask(before?.Filter), Mask(after?.Filter), before?.Filter?.Json != after?.Filter?.Json);
        Add(
            "format",
            FormatOf(before),
            FormatOf(after),
            (before?.Format ?? SubscriptionFormat.Default) != (after?.Format ?? SubscriptionFormat.Default)
        );
        Add(
            "retrySchedule",
            Durations(before?.RetrySchedule),
            Durations(after?.RetrySchedule),
            Durations(before?.RetrySchedule) != Durations(after?.RetrySchedule)
        );
        Add("deadline", before?.Deadline?.ToString("c"), after?.Deadline?.ToString("c"), before?.Deadline != after?.Deadline);
        Add("labels", LabelsOf(before), LabelsOf(after), LabelsOf(before) != LabelsOf(after));
        Add("externalId", before?.ExternalId, after?.ExternalId, before?.ExternalId != after?.ExternalId);
        return changes;
    }

    /// <summary>The kind of authentication, with its secrets masked.</summary>
    private static string? Describe(Subscription? subscription) =>
        subscription?.Authentication switch
        {
            null => null,
            SubscriptionAuthentication.None => "none",
            SubscriptionAuthentication.Basic basic => $"basic {basic.Username}:{Hidden}",
            SubscriptionAuthentication.Header header => $"{header.Name}: {Hidden}",
            SubscriptionAuthentication.OAuth2 oauth => $"oauth2 {DisplayUrl.Of(oauth.TokenUrl)} {oauth.ClientId}:{Hidden}",
            SubscriptionAuthentication.ManagedIdentity identity => $"managedIdentity {identity.Resource}",
            var other => $"{other.Type.ToName()} {Hidden}",
        };

    /// <summary>The kind of format, without the text of a template.</summary>
    private static string? FormatOf(Subscription? subscription) =>
        subscription?.Format switch
        {
            null => null,
            SubscriptionFormat.Template { Preset: { } preset } => $"template {preset} {Hidden}",
            SubscriptionFormat.Template => $"template {Hidden}",
            var other => other.Type.ToName(),
        };

    private static string? HeadersOf(Subscription? subscription) =>
        subscription is null || subscription.Headers.Values.Count == 0
            ? null
            : string.Join(", ", subscription.Headers.Values.Keys.Select(name => $"{name}: {Hidden}"));

    /// <summary>Filters may have personal data, and templates and values of headers secrets.</summary>
    private static string? Mask(object? value) => value is null ? null : Hidden;

    private static string? Durations(IReadOnlyList<TimeSpan>? durations) =>
        durations is null ? null : string.Join(", ", durations.Select(duration => duration.ToString("c")));

    private static string? LabelsOf(Subscription? subscription) =>
        subscription is null || subscription.Labels.Values.Count == 0
            ? null
            : string.Join(", ", subscription.Labels.Values.Select(label => $"{label.Key}:{label.Value}"));

    private static string? Display(Subscription? subscription) => subscription is null ? null : DisplayUrl.Of(subscription);
}
