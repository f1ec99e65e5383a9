using System.Collections.Concurrent;
using EventSubscriptions.Organizations;

namespace EventSubscriptions.Events.Publishing;

/// <summary>
/// Limits how many events an organization publishes per second. Unused allowance is kept for one second. A request that exceeds it is
/// accepted whole, and the next one must wait until its events are paid for. Thread-safe.
/// </summary>
public sealed class PublishRate(LimitsOptions limits, TimeProvider time)
{
    private const int Capacity = 10_000;

    private static readonly TimeSpan s_burst = TimeSpan.FromSeconds(1);

    private readonly long _start = time.GetTimestamp();
    private readonly ConcurrentDictionary<OrganizationId, Account> _accounts = new();

    /// <summary>Returns whether the events may be published, and if not, after which delay.</summary>
    public bool TryTake(OrganizationId organization, int events, out TimeSpan wait)
    {
        wait = TimeSpan.Zero;
        if (limits.EventsPerSecondPerOrganization is not { } limit)
        {
            return true;
        }

        // Starting over gives each organization one second's events, and happens rarely.
        if (_accounts.Count >= Capacity)
        {
            _accounts.Clear();
        }

        var account = _accounts.GetOrAdd(organization, static _ => new Account());
        lock (account)
        {
            var now = time.GetElapsedTime(_start);
            wait = account.PaidUntil - now;
            if (wait > TimeSpan.Zero)
            {
                return false;
            }

            account.PaidUntil =
                (account.PaidUntil > now - s_burst ? account.PaidUntil : now - s_burst) + (TimeSpan.FromSeconds(1) * events / limit);
            return true;
        }
    }

    private sealed class Account
    {
        public TimeSpan PaidUntil { get; set; } = -s_burst;
    }
}
