using EventSubscriptions.Organizations;

namespace EventSubscriptions.Deliveries.Throttling;

/// <summary>Limits an organization's concurrent tests, which bypass the queue and the limits of subscriptions. Thread-safe.</summary>
public sealed class TestSlots(LimitsOptions limits)
{
    private readonly Dictionary<OrganizationId, int> _running = [];

    /// <summary>The most concurrent tests of an organization.</summary>
    public int Most => limits.TestsPerOrganization;

    /// <summary>Starts a test, which ends when the result is disposed; null if the limit is reached.</summary>
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
