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

    /// <summary>
    /// Takes the allowance of all events, or of none. Returns the organization that must wait, and how long; null if they may be published.
    /// </summary>
    public (OrganizationId Organization, TimeSpan Wait)? TryTake(IEnumerable<KeyValuePair<OrganizationId, int>> events)
    {
        if (limits.EventsPerSecondPerOrganization is not { } limit)
        {
            return null;
        }

        List<(Account Account, TimeSpan Cost)> taken = [];
        foreach (var (organization, count) in events)
        {
            var account = AccountOf(organization);
            if (account.TryTake(count, limit, time.GetElapsedTime(_start), out var cost) is var wait && wait > TimeSpan.Zero)
            {
                taken.ForEach(one => one.Account.GiveBack(one.Cost));
                return (organization, wait);
            }

            taken.Add((account, cost));
        }

        return null;
    }

    private Account AccountOf(OrganizationId organization)
    {
        // Starting over gives each organization one second's events, and happens rarely.
        if (_accounts.Count >= Capacity)
        {
            _accounts.Clear();
        }

        return _accounts.GetOrAdd(organization, static _ => new Account());
    }

    private sealed class Account
    {
        private readonly Lock _lock = new();
        private TimeSpan _paidUntil = -s_burst;

        /// <summary>Returns how long to wait; if not at all, the events are paid for.</summary>
        public TimeSpan TryTake(int events, int limit, TimeSpan now, out TimeSpan cost)
        {
            cost = TimeSpan.FromSeconds(1) * events / limit;
            lock (_lock)
            {
                if (_paidUntil > now)
                {
                    return _paidUntil - now;
                }

                _paidUntil = (_paidUntil > now - s_burst ? _paidUntil : now - s_burst) + cost;
                return TimeSpan.Zero;
            }
        }

        public void GiveBack(TimeSpan cost)
        {
            lock (_lock)
            {
                _paidUntil -= cost;
            }
        }
    }
}
