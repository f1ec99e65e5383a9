using EventSubscriptions.Events;
using EventSubscriptions.Organizations;
using EventSubscriptions.Storage;
using Microsoft.Extensions.Logging;

namespace EventSubscriptions.Subscriptions;

/// <summary>
/// Reports client certificates that expire soon, once per subscription and certificate: the row remembers which one was audited, in the
/// transaction that writes the entry. The operational event is published first; a repetition has the same id.
/// </summary>
public sealed partial class ClientCertificateExpiry(
    SubscriptionStore store,
    IOperationalEventPublisher publisher,
    TimeProvider time,
    ILogger<ClientCertificateExpiry> logger
)
{
    /// <summary>How long before its expiry a certificate is audited.</summary>
    private static readonly TimeSpan s_notice = TimeSpan.FromDays(14);

    /// <summary>Checks all subscriptions. What fails is repeated by the next run.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            foreach (var (organization, id) in await store.ListExpiringAsync(time.GetUtcNow() + s_notice, cancellationToken))
            {
                await AuditAsync(organization, id, cancellationToken);
            }
        }
        catch (Exception exception) when (cancellationToken.IsCancellationRequested || TransientFaults.IsTransient(exception))
        {
            if (!cancellationToken.IsCancellationRequested)
            {
                Log.NotChecked(logger, exception);
            }
        }
    }

    private async Task AuditAsync(OrganizationId organization, SubscriptionId id, CancellationToken cancellationToken)
    {
        var subscription = await store.GetAsync(organization, id, cancellationToken);
        if (subscription?.ClientCertificate?.Details is not { } certificate || subscription.AuditedCertificate == certificate.Thumbprint)
        {
            return;
        }

        var expiring = SubscriptionEvents.CertificateExpiring(
            subscription,
            certificate.Subject,
            certificate.Thumbprint,
            certificate.ExpiresAt
        );
        if (!await publisher.TryPublishAsync([expiring], cancellationToken))
        {
            return;
        }

        // Whoever changes it at the same time is faster; the next run audits it then.
        await store.UpdateAsync(
            subscription with
            {
                AuditedCertificate = certificate.Thumbprint,
            },
            [SubscriptionAudit.CertificateExpiring(subscription, certificate, time.GetUtcNow())],
            health: null,
            cancellationToken
        );
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Error, "Could not check which client certificates expire soon; the next run repeats it.")]
        public static partial void NotChecked(ILogger logger, Exception exception);
    }
}
