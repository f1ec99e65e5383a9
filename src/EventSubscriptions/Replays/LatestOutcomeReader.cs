using EventSubscriptions.Deliveries.Log;
using EventSubscriptions.Deliveries.Outcome;

namespace EventSubscriptions.Replays;

/// <summary>
/// Reads the latest outcome of a subscription's events from its delivery log, newest attempt first, each row once and only as far as
/// needed.
/// </summary>
/// <param name="newest">Attempts from this time on are ignored.</param>
/// <param name="capacity">How many events are kept that nobody has asked for yet.</param>
internal sealed class LatestOutcomeReader(DeliveryLog log, SubscriptionId subscription, DateTimeOffset newest, int capacity)
{
    private readonly Dictionary<string, DeliveryOutcome> _outcomes = new(StringComparer.Ordinal);
    private DateTimeOffset? _readTo;
    private string? _last;

    /// <summary>How many rows were read so far.</summary>
    public long Rows { get; private set; }

    /// <summary>Whether everything that was read is kept, so that older events can be asked for too.</summary>
    public bool IsWhole { get; private set; } = true;

    /// <summary>Reads back to a time, and returns whether it got there. If not, it can be called again with the same arguments.</summary>
    /// <param name="wanted">The events that will be asked for next. They are always kept.</param>
    /// <param name="mostRows">How many <see cref="Rows"/> to stop at.</param>
    public async Task<bool> ReadAsync(
        DateTimeOffset oldest,
        IReadOnlySet<string> wanted,
        long mostRows,
        CancellationToken cancellationToken
    )
    {
        if (oldest >= _readTo)
        {
            return true;
        }

        await foreach (var (key, eventId, outcome) in log.OutcomesAsync(subscription, oldest, newest, _last, cancellationToken))
        {
            if (outcome != DeliveryOutcome.Skipped)
            {
                Keep(eventId, outcome, wanted);
            }

            _last = key;
            if (++Rows >= mostRows)
            {
                return false;
            }
        }

        _readTo = oldest;
        return true;
    }

    /// <summary>The outcome of the last attempt at an event, or null if nothing was sent. Each event can be asked for once.</summary>
    public DeliveryOutcome? Take(string eventId) => _outcomes.Remove(eventId, out var outcome) ? outcome : null;

    private void Keep(string eventId, DeliveryOutcome outcome, IReadOnlySet<string> wanted)
    {
        if (_outcomes.Count < capacity || wanted.Contains(eventId))
        {
            // Newest first: the first one counts.
            _outcomes.TryAdd(eventId, outcome);
        }
        else
        {
            IsWhole = false;
        }
    }
}
