using EventSubscriptions.Audit;
using EventSubscriptions.Events;
using EventSubscriptions.Events.Publishing;

namespace EventSubscriptions.Relay;

/// <summary>Queues Relay events, and tells when polls fail and recover.</summary>
public sealed class RelayPublisher(
    EventPublisher publisher,
    IOperationalEventPublisher operational,
    AuditLog audit,
    RelayClient client,
    TimeProvider time
)
{
    /// <summary>How many events are translated at once, so that those of a large page are not all in memory twice.</summary>
    private const int MaxAtOnce = 1000;

    /// <summary>Publishes the events in order, and audits those that are too large to be delivered.</summary>
    /// <exception cref="IOException">The queue did not accept all of them.</exception>
    internal async Task PublishAsync(RelaySubscriber subscriber, IEnumerable<RelayEvent> events, CancellationToken cancellationToken)
    {
        foreach (var chunk in events.Chunk(MaxAtOnce))
        {
            TranslatedEvent[] translated = [.. chunk.Select(item => RelayTranslation.Translate(item, subscriber))];
            foreach (var item in translated.Where(IsTooLarge))
            {
                await audit.AppendAsync(
                    RelayAudit.TooLarge(subscriber, item, client.UrlOf(subscriber), time.GetUtcNow()),
                    cancellationToken
                );
            }

            PublishedEvent[] published = [.. translated.Where(item => !IsTooLarge(item)).Select(item => item.Event)];
            if (!await publisher.TryPublishAsync(published, EventSource.Relay, cancellationToken))
            {
                throw new IOException("The queue did not accept all events.");
            }
        }
    }

    /// <summary>Audits the last change of state and publishes the operational event about it. Repeating it changes nothing.</summary>
    /// <exception cref="IOException">The queue did not accept the event.</exception>
    internal async Task ReportChangeAsync(RelaySubscriber subscriber, RelayState state, CancellationToken cancellationToken)
    {
        var url = client.UrlOf(subscriber);
        await audit.AppendAsync(RelayAudit.Changed(subscriber, state, url, time), cancellationToken);
        if (!await operational.TryPublishAsync([RelayEvents.Changed(subscriber, state, url)], cancellationToken))
        {
            throw new IOException("The queue did not accept the operational event.");
        }
    }

    private static bool IsTooLarge(TranslatedEvent item) => item.Event.Payload.Length > EventPayload.MaxBytes;
}
