namespace EventSubscriptions.Deliveries.Throttling;

/// <summary>
/// Assigns each postponed message its own slot, one after another, so that a backlog waits instead of spinning. Slots advance up to 15 min
/// after the earliest possible time and then start over, so a message of a longer backlog is touched about once in 15 min.
/// </summary>
internal sealed class DeferralSchedule
{
    /// <summary>How far ahead slots are assigned, so that a backlog notices when its receiver becomes faster.</summary>
    public static readonly TimeSpan Horizon = TimeSpan.FromMinutes(15);

    private DateTimeOffset _last = DateTimeOffset.MinValue;

    /// <summary>Whether assigned slots are still to come.</summary>
    public bool IsPending(DateTimeOffset now) => _last > now;

    /// <summary>Assigns the next slot.</summary>
    /// <param name="from">The earliest useful time, not before now.</param>
    /// <param name="interval">The time between two requests.</param>
    /// <param name="horizon">How far after <paramref name="from"/> slots are assigned: <see cref="Horizon"/> or less.</param>
    public DateTimeOffset Next(DateTimeOffset from, TimeSpan interval, TimeSpan horizon)
    {
        var slot = (_last > from ? _last : from) + interval;
        return _last = slot <= from + (horizon < Horizon ? horizon : Horizon) ? slot : from + interval;
    }

    /// <summary>Starts again at the present. Assigned slots stay valid.</summary>
    public void Clear() => _last = DateTimeOffset.MinValue;
}
