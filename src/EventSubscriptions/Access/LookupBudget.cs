namespace EventSubscriptions.Access;

/// <summary>How many look-ups of keys that may be made up are done each second, at most.</summary>
internal sealed class LookupBudget(int perSecond, TimeProvider time)
{
    private readonly Lock _gate = new();
    private long _second = time.GetTimestamp();
    private int _taken;

    /// <summary>Takes one, if one is left.</summary>
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
