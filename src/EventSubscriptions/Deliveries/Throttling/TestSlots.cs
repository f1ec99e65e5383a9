using EventSubscriptions.Organizations;

namespace EventSubscriptions.Deliveries.Throttling;

/// <summary>Keeps organizations from sending more tests at once than they may: tests go past every queue and limit of their subscriptions. Thread-safe.</summary>
public sealed class TestSlots(LimitsOptions limits)
{
    private readonly Dictionary<OrganizationId, int> _running = [];

    /// <summary>How many an organization may send at once.</summary>
    public int Most => limits.TestsPerOrganization;

    /// <summary>Begins a test, whose end is told by disposing what this returns; null where too many are under way.</summary>
    public IDisposable? TryEnter(OrganizationId organization)
    {
        lock (_running)
        {
            var running = _running.GetValueOrDefault(organization);
            if (running >= Most)
            {
                return null;
            }

            _running[organization] = running + 1;
            return new Slot(this, organization);
        }
    }

    private void Leave(OrganizationId organization)
    {
        lock (_running)
        {
            if (--_running[organization] == 0)
            {
                _running.Remove(organization);
            }
        }
    }

    private sealed class Slot(TestSlots slots, OrganizationId organization) : IDisposable
    {
        public void Dispose() => slots.Leave(organization);
    }
}
