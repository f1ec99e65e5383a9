using EventSubscriptions.Audit;
using EventSubscriptions.Http;
using EventSubscriptions.Organizations;

namespace EventSubscriptions.Subscriptions;

/// <summary>Changes and deletes subscriptions while others do the same.</summary>
public sealed class SubscriptionEditor(SubscriptionStore store, SubscriptionCache cache, TimeProvider time)
{
    /// <summary>More changes of one subscription than this at the same moment are no accident.</summary>
    private const int MaxTries = 10;

    /// <summary>Changes a subscription. Where the caller demands no version, a change that another overtakes is made again on top of it.</summary>
    internal Task<EditResult> ChangeAsync(
        OrganizationId organization, SubscriptionId id, SubscriptionFields fields, IfMatch ifMatch, Actor actor, CancellationToken cancellationToken) =>
        EditAsync(
            organization,
            id,
            ifMatch,
            async current =>
            {
                if (fields.MoveTokenOf(current))
                {
                    return EditResult.TokenNeeded;
                }

                var changed = fields.ApplyTo(current) with { UpdatedAt = NowAfter(current) };
                var entries = SubscriptionAudit.Changed(current, changed, actor);
                var health = changed.IsActive && !current.IsActive ? SubscriptionHealth.Healthy : null;
                return EditResult.Of(entries.Count == 0 ? current : await store.UpdateAsync(changed, entries, health, cancellationToken));
            },
            cancellationToken);

    /// <summary>Gives a subscription a new signing secret, under the same terms; those before it sign for the overlap.</summary>
    internal Task<EditResult> RotateSecretAsync(
        OrganizationId organization, SubscriptionId id, TimeSpan overlap, IfMatch ifMatch, Actor actor, CancellationToken cancellationToken) =>
        EditAsync(
            organization,
            id,
            ifMatch,
            async current =>
            {
                var rotated = current with { SigningSecrets = current.SigningSecrets.Rotate(time.GetUtcNow(), overlap), UpdatedAt = NowAfter(current) };
                return EditResult.Of(await store.UpdateAsync(rotated, [SubscriptionAudit.SecretRotated(rotated, actor, overlap)], health: null, cancellationToken));
            },
            cancellationToken);

    /// <summary>
    /// Deactivates a subscription for what its receiver does, unless it is no longer the version that the receiver was asked by, or
    /// its health no longer the version that was judged. Returns whether it has done so.
    /// </summary>
    public async Task<bool> DeactivateAsync(Subscription used, SubscriptionHealth health, AuditError error, CancellationToken cancellationToken)
    {
        var changed = used with { IsActive = false, UpdatedAt = NowAfter(used) };
        var stored = await store.UpdateAsync(changed, [SubscriptionAudit.Deactivated(used, changed, error)], health, cancellationToken);
        cache.Remove(used.OrganizationId, used.Id);
        return stored is not null;
    }

    /// <summary>
    /// Deactivates a subscription whose receiver wants no more events, if what is stored still sends like the version that the receiver
    /// was asked by. What it is called or how it is limited doesn't matter to the receiver.
    /// </summary>
    public async Task<GoneOutcome> DeactivateGoneAsync(Subscription used, SubscriptionHealth health, AuditError error, CancellationToken cancellationToken)
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

    /// <summary>Deletes a subscription, under the same terms.</summary>
    internal Task<EditResult> DeleteAsync(
        OrganizationId organization, SubscriptionId id, IfMatch ifMatch, Actor actor, CancellationToken cancellationToken) =>
        EditAsync(
            organization,
            id,
            ifMatch,
            async current => await store.DeleteAsync(current, SubscriptionAudit.Deleted(current, actor, time.GetUtcNow()), cancellationToken) ? EditResult.Of(current) : null,
            cancellationToken);

    /// <summary>The present, and later than any change before: who delivers tells versions by it, also when the clock was set back.</summary>
    private DateTimeOffset NowAfter(Subscription subscription) =>
        time.GetUtcNow() is var now && now >= subscription.UpdatedAt ? now : subscription.UpdatedAt.AddTicks(1);

    /// <param name="organization">Whose it is.</param>
    /// <param name="id">Which one.</param>
    /// <param name="ifMatch">The versions that the caller accepts.</param>
    /// <param name="tryEdit">Edits a version and returns how that ended, or null where another was faster.</param>
    /// <param name="cancellationToken">Ends it.</param>
    private async Task<EditResult> EditAsync(
        OrganizationId organization, SubscriptionId id, IfMatch ifMatch, Func<Subscription, Task<EditResult?>> tryEdit, CancellationToken cancellationToken)
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

/// <summary>What a receiver that is gone means for its subscription.</summary>
public enum GoneOutcome
{
    /// <summary>It is deactivated now.</summary>
    Deactivated,

    /// <summary>It was inactive or deleted already.</summary>
    Inactive,

    /// <summary>It sends elsewhere or otherwise by now: the receiver that is gone was not its own.</summary>
    Changed,
}

/// <summary>How a change ended.</summary>
internal enum EditOutcome
{
    Done,
    NotFound,

    /// <summary>The version that the caller demanded is not the current one.</summary>
    Stale,

    /// <summary>Others were faster time and again.</summary>
    Contended,

    /// <summary>The URL leads elsewhere, and the token for it is missing.</summary>
    TokenNeeded,
}

/// <summary>How a change ended, and the subscription where it was made.</summary>
internal sealed record EditResult(EditOutcome Outcome, Subscription? Subscription)
{
    public static readonly EditResult NotFound = new(EditOutcome.NotFound, null);
    public static readonly EditResult Stale = new(EditOutcome.Stale, null);
    public static readonly EditResult Contended = new(EditOutcome.Contended, null);
    public static readonly EditResult TokenNeeded = new(EditOutcome.TokenNeeded, null);

    public static EditResult? Of(Subscription? edited) => edited is null ? null : new EditResult(EditOutcome.Done, edited);
}
