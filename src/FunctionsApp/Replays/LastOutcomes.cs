using EventSubscriptions.Deliveries;
using EventSubscriptions.Subscriptions;

namespace EventSubscriptions.Replays;

/// <summary>
/// What became of a subscription's events, read out of its delivery log from the newest attempt back, each row once and only as far as it is needed.
/// </summary>
/// <param name="log">The log.</param>
/// <param name="subscription">Whose attempts.</param>
/// <param name="newest">From when on attempts don't count.</param>
/// <param name="capacity">How many events are kept that nobody has asked for yet.</param>
internal sealed class LastOutcomes(DeliveryLog log, SubscriptionId subscription, DateTimeOffset newest, int capacity)
{
    private readonly Dictionary<string, bool> _arrived = new(StringComparer.Ordinal);
    private DateTimeOffset _readTo = newest;

    /// <summary>Whether all that was read is kept, so that older events can be asked for too.</summary>
    public bool IsWhole { get; private set; } = true;

    /// <summary>Reads on, back to a time.</summary>
    /// <param name="oldest">The time.</param>
    /// <param name="wanted">The events that will be asked for next. They are kept in any case.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    public async Task ReadAsync(DateTimeOffset oldest, IReadOnlySet<string> wanted, CancellationToken cancellationToken)
    {
        if (oldest >= _readTo)
        {
            return;
        }

        await foreach (var (eventId, outcome) in log.OutcomesAsync(subscription, oldest, _readTo, cancellationToken))
        {
            if (_arrived.Count < capacity || wanted.Contains(eventId))
            {
                // Newest first: the first one counts.
                _arrived.TryAdd(eventId, outcome == DeliveryOutcome.Delivered);
            }
            else
            {
                IsWhole = false;
            }
        }

        _readTo = oldest;
    }

    /// <summary>Whether the last attempt at an event has arrived, or null where there was none. Each event can be asked for once.</summary>
    public bool? Take(string eventId) => _arrived.Remove(eventId, out var arrived) ? arrived : null;
}
