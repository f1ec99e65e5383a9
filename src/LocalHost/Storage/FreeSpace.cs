namespace LocalHost.Storage;

/// <summary>Whether the disk of the data folder has room for more than what is under way. What is known may be a second old.</summary>
internal sealed class FreeSpace(Database database, long minimum, TimeProvider time)
{
    public const long DefaultMinimum = 256L << 20;

    private static readonly TimeSpan Lifetime = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private long? _checkedAt;
    private bool _isEnough;

    /// <summary>In bytes.</summary>
    public long Minimum => minimum;

    public bool IsEnough
    {
        get
        {
            lock (_gate)
            {
                if (_checkedAt is not { } at || time.GetElapsedTime(at) > Lifetime)
                {
                    _isEnough = database.FreeBytes >= minimum;
                    _checkedAt = time.GetTimestamp();
                }

                return _isEnough;
            }
        }
    }
}
