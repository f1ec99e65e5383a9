namespace LocalHost.Storage;

/// <summary>Whether the disk of the data folder has room for new events. Checked once a second at most.</summary>
internal sealed class FreeSpace(Database database, long minimum, TimeProvider time)
{
    public const long DefaultMinimum = 256L << 20;

    private static readonly TimeSpan s_checkInterval = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private long? _checkedAt;
    private bool _isEnough;

    /// <summary>The bytes that must be free.</summary>
    public long Minimum => minimum;

    public bool IsEnough
    {
        get
        {
            lock (_gate)
            {
                if (_checkedAt is not { } at || time.GetElapsedTime(at) > s_checkInterval)
                {
                    _isEnough = database.FreeBytes >= minimum;
                    _checkedAt = time.GetTimestamp();
                }

                return _isEnough;
            }
        }
    }
}
