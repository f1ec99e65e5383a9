namespace EventSubscriptions.Access;

/// <summary>How many unmarked keys are looked up per second at most.</summary>
internal sealed class LookupBudget(int perSecond, TimeProvider time)
{
    private readonly Lock _gate = new();
    private long _second = time.GetTimestamp();
    private int _taken;

    /// <summary>Uses one look-up; returns false if none is left.</summary>
    public bool TryTake()
    {
        lock (_gate)
        {
            if (time.GetElapsedTime(_second) >= TimeSpan.FromSeconds(1))
            {
                _second = time.GetTimestamp();
                _taken = 0;
            }

            return _taken < perSecond && ++_taken <= perSecond;
        }
    }
}
