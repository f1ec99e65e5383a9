using EventSubscriptions.Audit;
using EventSubscriptions.Http;
using EventSubscriptions.Organizations;

namespace EventSubscriptions.Subscriptions;

/// <summary>Changes and deletes subscriptions with optimistic concurrency.</summary>
public sealed class SubscriptionEditor(SubscriptionStore store, SubscriptionCache cache, SubscriptionRules rules, TimeProvider time)
{
    /// <summary>The most concurrent changes of one subscription that are retried.</summary>
    private const int MaxTries = 10;

    /// <summary>Changes a subscription. Without a version from the caller, a change that meets another is repeated on top of it.</summary>
    internal Task<EditResult> ChangeAsync(
        OrganizationId organization,
        SubscriptionId id,
        SubscriptionFields fields,
        IfMatch ifMatch,
        Actor actor,
        CancellationToken cancellationToken
    ) =>
        EditAsync(
            organization,
            id,
            ifMatch,
            async current =>
            {
                if (fields.SecretsMissingFor(current) is { Count: > 0 } missing)
                {
                    return EditResult.SecretsNeeded(missing);
                }

                if (fields.HeadersOf(current).Problem is { } problem)
                {
                    return EditResult.TooManyHeaders(problem);
                }

                if (fields.LabelsOf(current).Values.Count > SubscriptionLabels.MaxCount)
                {
                    return EditResult.TooManyLabels;
                }

                var changed = fields.ApplyTo(current) with { UpdatedAt = NowAfter(current) };
                if (rules.Check(changed) is var (field, error))
                {
                    return EditResult.Invalid(field, error);
                }

                var entries = SubscriptionAudit.Changed(current, changed, actor);
                var health = changed.IsActive && !current.IsActive ? SubscriptionHealth.Healthy : null;
                try
                {
                    return EditResult.Of(
                        entries.Count == 0 ? current : await store.UpdateAsync(changed, entries, health, cancellationToken, before: current)
                    );
                }
                catch (ExternalIdTakenException)
                {
                    return EditResult.ExternalIdTaken;
                }
            },
            cancellationToken
        );

    /// <summary>Adds a signing secret in the same way; the previous ones keep signing for the overlap.</summary>
    internal Task<EditResult> RotateSecretAsync(
        OrganizationId organization,
        SubscriptionId id,
        TimeSpan overlap,
        IfMatch ifMatch,
        Actor actor,
        CancellationToken cancellationToken
    ) =>
        EditAsync(
            organization,
            id,
            ifMatch,
            async current =>
            {
                var rotated = current with
                {
                    SigningSecrets = current.SigningSecrets.Rotate(time.GetUtcNow(), overlap),
                    UpdatedAt = NowAfter(current),
                };
                return EditResult.Of(
                    await store.UpdateAsync(
                        rotated,
                        [SubscriptionAudit.SecretRotated(rotated, actor, overlap)],
                        health: null,
                        cancellationToken
                    )
                );
            },
            cancellationToken
        );

    /// <summary>
    /// Deactivates a subscription because of its receiver, unless the subscription or its health has changed since they were read. Returns
    /// whether it did.
    /// </summary>
    public async Task<bool> DeactivateAsync(
        Subscription used,
        SubscriptionHealth health,
        AuditError error,
        CancellationToken cancellationToken
    )
    {
        var changed = used with { IsActive = false, UpdatedAt = NowAfter(used) };
        var stored = await store.UpdateAsync(changed, [SubscriptionAudit.Deactivated(used, changed, error)], health, cancellationToken);
        cache.Remove(used.OrganizationId, used.Id);
        return stored is not null;
    }

    /// <summary>
    /// Deactivates a subscription after a 410, if the stored version still sends to the same receiver in the same way. Its name and limits
    /// don't matter to the receiver.
    /// </summary>
    public async Task<GoneOutcome> DeactivateGoneAsync(
        Subscription used,
        SubscriptionHealth health,
        AuditError error,
        CancellationToken cancellationToken
    )
    {
        for (var tries = 1; tries <= MaxTries; tries++)
        {
            var stored = await store.GetAsync(used.OrganizationId, used.Id, cancellationToken);
            if (stored is not null && !stored.SendsLike(used))
            {
                break;
            }

            if (stored is not { IsActive: true })
            {
                cache.Remove(used.OrganizationId, used.Id);
                return GoneOutcome.Inactive;
            }

            if (await DeactivateAsync(stored, health, error, cancellationToken))
            {
                return GoneOutcome.Deactivated;
            }
        }

        cache.Remove(used.OrganizationId, used.Id);
        return GoneOutcome.Changed;
    }

    /// <summary>Deletes a subscription in the same way.</summary>
    internal Task<EditResult> DeleteAsync(
        OrganizationId organization,
        SubscriptionId id,
        IfMatch ifMatch,
        Actor actor,
        CancellationToken cancellationToken
    ) =>
        EditAsync(
            organization,
            id,
            ifMatch,
            async current =>
                await store.DeleteAsync(current, SubscriptionAudit.Deleted(current, actor, time.GetUtcNow()), cancellationToken)
                    ? EditResult.Of(current)
                    : null,
            cancellationToken
        );

    /// <summary>Now, but later than the previous change: deliveries tell versions apart by it, even if the clock was set back.</summary>
    private DateTimeOffset NowAfter(Subscription subscription) =>
        time.GetUtcNow() is var now && now >= subscription.UpdatedAt ? now : subscription.UpdatedAt.AddTicks(1);

    /// <param name="tryEdit">Edits a version and returns the outcome, or null if another change was faster.</param>
    private async Task<EditResult> EditAsync(
        OrganizationId organization,
        SubscriptionId id,
        IfMatch ifMatch,
        Func<Subscription, Task<EditResult?>> tryEdit,
        CancellationToken cancellationToken
    )
    {
        for (var tries = 1; tries <= MaxTries; tries++)
        {
            if (await store.GetAsync(organization, id, cancellationToken) is not { } current)
            {
                return EditResult.NotFound;
            }

            if (!ifMatch.Accepts(current.ETag))
            {
                return EditResult.Stale;
            }

            if (await tryEdit(current) is { } result)
            {
                cache.Remove(organization, id);
                return result;
            }
        }

        return EditResult.Contended;
    }
}

/// <summary>What a 410 means for the subscription.</summary>
public enum GoneOutcome
{
    /// <summary>It was deactivated.</summary>
    Deactivated,

    /// <summary>It was already inactive or deleted.</summary>
    Inactive,

    /// <summary>It has another URL or other credentials now: the 410 came from a receiver that is no longer its own.</summary>
    Changed,
}

/// <summary>The outcome of a change.</summary>
internal enum EditOutcome
{
    Done,
    NotFound,

    /// <summary>The current version is not the one in <c>If-Match</c>.</summary>
    Stale,

    /// <summary>Other changes were faster too often.</summary>
    Contended,

    /// <summary>The URL changes, and secrets are missing.</summary>
    SecretsNeeded,

    /// <summary>Its fields don't go together.</summary>
    Invalid,

    /// <summary>It would have more, or longer headers than allowed.</summary>
    TooManyHeaders,

    /// <summary>Another subscription has the external id.</summary>
    ExternalIdTaken,

    /// <summary>It would have more labels than allowed.</summary>
    TooManyLabels,
}

/// <summary>The outcome of a change, and the subscription if it was changed.</summary>
internal sealed record EditResult(EditOutcome Outcome, Subscription? Subscription)
{
    public static readonly EditResult NotFound = new(EditOutcome.NotFound, null);
    public static readonly EditResult Stale = new(EditOutcome.Stale, null);
    public static readonly EditResult Contended = new(EditOutcome.Contended, null);
    public static readonly EditResult TooManyLabels = new(EditOutcome.TooManyLabels, null);
    public static readonly EditResult ExternalIdTaken = new(EditOutcome.ExternalIdTaken, null);

    /// <summary>The fields that are missing, or a field and what is wrong with it.</summary>
    public IReadOnlyList<string> Details { get; private init; } = [];

    public static EditResult SecretsNeeded(IReadOnlyList<string> fields) => new(EditOutcome.SecretsNeeded, null) { Details = fields };

    public static EditResult Invalid(string field, string error) => new(EditOutcome.Invalid, null) { Details = [field, error] };

    public static EditResult TooManyHeaders(string problem) => new(EditOutcome.TooManyHeaders, null) { Details = [problem] };

    public static EditResult? Of(Subscription? edited) => edited is null ? null : new EditResult(EditOutcome.Done, edited);
}
