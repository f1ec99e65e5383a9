using EventSubscriptions.Deliveries.Log;

namespace EventSubscriptions.Replays;

/// <summary>
/// What became of a subscription's events, read out of its delivery log from the newest attempt back, each row once and only as far as it is needed.
/// </summary>
/// <param name="log">The log.</param>
/// <param name="subscription">Whose attempts.</param>
/// <param name="newest">From when on attempts don't count.</param>
/// <param name="capacity">How many events are kept that nobody has asked for yet.</param>
internal sealed class LatestOutcomeReader(DeliveryLog log, SubscriptionId subscription, DateTimeOffset newest, int capacity)
{
    private readonly Dictionary<string, bool> _arrived = new(StringComparer.Ordinal);
    private DateTimeOffset? _readTo;
    private string? _last;

    /// <summary>How many rows were read so far.</summary>
    public long Rows { get; private set; }

    /// <summary>Whether all that was read is kept, so that older events can be asked for too.</summary>
    public bool IsWhole { get; private set; } = true;

    /// <summary>Reads on, back to a time, and says whether it has come there. If not, it may be called again for the same.</summary>
    /// <param name="oldest">The time.</param>
    /// <param name="wanted">The events that will be asked for next. They are kept in any case.</param>
    /// <param name="mostRows">How many <see cref="Rows"/> to stop at.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    public async Task<bool> ReadAsync(DateTimeOffset oldest, IReadOnlySet<string> wanted, long mostRows, CancellationToken cancellationToken)
    {
        if (oldest >= _readTo)
        {
            return true;
        }

        await foreach (var (key, eventId, arrived) in log.OutcomesAsync(subscription, oldest, newest, _last, cancellationToken))
        {
            if (arrived is { } value)
            {
                Keep(eventId, value, wanted);
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

    /// <summary>Whether the last attempt at an event has arrived, or null where there was none. Each event can be asked for once.</summary>
    public bool? Take(string eventId) => _arrived.Remove(eventId, out var arrived) ? arrived : null;

    private void Keep(string eventId, bool arrived, IReadOnlySet<string> wanted)
    {
        if (_arrived.Count < capacity || wanted.Contains(eventId))
        {
            // Newest first: the first one counts.
            _arrived.TryAdd(eventId, arrived);
        }
        else
        {
            IsWhole = false;
        }
    }
}
