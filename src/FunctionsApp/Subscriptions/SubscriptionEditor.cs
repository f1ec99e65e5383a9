using EventSubscriptions.Audit;
using EventSubscriptions.Events;
using EventSubscriptions.Http;

namespace EventSubscriptions.Subscriptions;

/// <summary>Changes and deletes subscriptions while others do the same.</summary>
public sealed class SubscriptionEditor(SubscriptionStore store, SubscriptionCache cache, TimeProvider time)
{
    /// <summary>More changes of one subscription than this at the same moment are no accident.</summary>
    private const int MaxTries = 10;

    /// <summary>Changes a subscription. Where the caller demands no version, a change that another overtakes is made again on top of it.</summary>
    internal async Task<EditResult> ChangeAsync(
        OrganizationId organization, SubscriptionId id, SubscriptionFields fields, IfMatch ifMatch, string actor, CancellationToken cancellationToken)
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

            var changed = fields.ApplyTo(current) with { UpdatedAt = time.GetUtcNow() };
            var entries = SubscriptionAudit.Changed(current, changed, actor);
            if (entries.Count == 0)
            {
                return new EditResult(EditOutcome.Done, current);
            }

            var health = changed.IsActive && !current.IsActive ? SubscriptionHealth.Healthy : null;
            if (await store.UpdateAsync(changed, entries, health, cancellationToken) is { } stored)
            {
                cache.Remove(organization, id);
                return new EditResult(EditOutcome.Done, stored);
            }
        }

        return EditResult.Contended;
    }

    /// <summary>
    /// Deactivates a subscription for what its receiver does, unless it is no longer the version that the receiver was asked by, or
    /// its health no longer the version that was judged. Returns whether it has done so.
    /// </summary>
    public async Task<bool> DeactivateAsync(Subscription used, SubscriptionHealth health, AuditError error, CancellationToken cancellationToken)
    {
        var changed = used with { IsActive = false, UpdatedAt = time.GetUtcNow() };
        var stored = await store.UpdateAsync(changed, [SubscriptionAudit.Deactivated(used, changed, error)], health, cancellationToken);
        cache.Remove(used.OrganizationId, used.Id);
        return stored is not null;
    }

    /// <summary>Deletes a subscription, under the same terms.</summary>
    internal async Task<EditResult> DeleteAsync(
        OrganizationId organization, SubscriptionId id, IfMatch ifMatch, string actor, CancellationToken cancellationToken)
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

            if (await store.DeleteAsync(current, SubscriptionAudit.Deleted(current, actor, time.GetUtcNow()), cancellationToken))
            {
                cache.Remove(organization, id);
                return new EditResult(EditOutcome.Done, current);
            }
        }

        return EditResult.Contended;
    }
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
}

/// <summary>How a change ended, and the subscription where it was made.</summary>
internal sealed record EditResult(EditOutcome Outcome, Subscription? Subscription)
{
    public static readonly EditResult NotFound = new(EditOutcome.NotFound, null);
    public static readonly EditResult Stale = new(EditOutcome.Stale, null);
    public static readonly EditResult Contended = new(EditOutcome.Contended, null);
}
