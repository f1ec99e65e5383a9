namespace EventSubscriptions.Deliveries.Throttling;

/// <summary>
/// Spaces requests evenly (the generic cell rate algorithm). A request may be up to 20 ms early, because timers are late: any second has at
/// most 2 % and one request more than the limit.
/// </summary>
internal sealed class RateLimit
{
    private static readonly TimeSpan s_tolerance = TimeSpan.FromMilliseconds(20);

    private DateTimeOffset _next = DateTimeOffset.MinValue.AddDays(1);

    /// <summary>When the next request may be sent.</summary>
    public DateTimeOffset FreeAt => _next - s_tolerance;

    /// <summary>Counts a request.</summary>
    /// <param name="spacing">The time between two requests; zero for no limit.</param>
    public void Take(DateTimeOffset now, TimeSpan spacing) => _next = (_next > now ? _next : now) + spacing;
}
