namespace EventSubscriptions.Deliveries.Throttling;

/// <summary>
/// Gives each message that is held back a time of its own, one after another, so that a backlog waits instead of circling. Each slot is later
/// than the one before, until they reach 15 min beyond the earliest time possible; then they start over. A message of a backlog that takes
/// longer than that is touched about once in 15 min.
/// </summary>
internal sealed class DeferralSchedule
{
    /// <summary>How far ahead slots are given, so that a backlog notices when its receiver has become faster.</summary>
    public static readonly TimeSpan Horizon = TimeSpan.FromMinutes(15);

    private DateTimeOffset _last = DateTimeOffset.MinValue;

    /// <summary>Whether slots were given that are still to come.</summary>
    public bool IsPending(DateTimeOffset now) => _last > now;

    /// <summary>The next slot.</summary>
    /// <param name="from">The earliest time that makes sense, not before the present.</param>
    /// <param name="interval">How long the receiver takes for one request.</param>
    /// <param name="horizon">How far behind <paramref name="from"/> slots are given: <see cref="Horizon"/>, or less.</param>
    public DateTimeOffset Next(DateTimeOffset from, TimeSpan interval, TimeSpan horizon)
    {
        var slot = (_last > from ? _last : from) + interval;
        return _last = slot <= from + (horizon < Horizon ? horizon : Horizon) ? slot : from + interval;
    }

    /// <summary>Starts at the present again: whoever has a slot keeps it, and nobody has to queue behind it.</summary>
    public void Clear() => _last = DateTimeOffset.MinValue;
}
