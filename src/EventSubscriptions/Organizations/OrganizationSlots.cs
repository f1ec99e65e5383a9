namespace EventSubscriptions.Organizations;

/// <summary>Limits how many of an organization's operations run at once on this instance. Thread-safe.</summary>
public class OrganizationSlots(int most)
{
    private readonly Dictionary<OrganizationId, int> _running = [];

    /// <summary>The most concurrent operations of an organization.</summary>
    public int Most => most;

    /// <summary>Starts an operation, which ends when the result is disposed; null if the limit is reached.</summary>
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

    private sealed class Slot(OrganizationSlots slots, OrganizationId organization) : IDisposable
    {
        public void Dispose() => slots.Leave(organization);
    }
}
