using System.Globalization;
using EventSubscriptions.Deliveries.Outcome;

namespace EventSubscriptions.Deliveries.Statistics;

/// <summary>How many attempts ended with which outcome, and how long the requests took. Thread-safe.</summary>
internal sealed class AttemptCounts
{
    /// <summary>The upper bounds of the latency buckets in milliseconds. Slower requests are counted in the last one.</summary>
    private static readonly int[] s_bounds =
    [
        1,
        2,
        5,
        10,
        15,
        25,
        50,
        75,
        100,
        150,
        250,
        500,
        750,
        1_000,
        2_000,
        4_000,
        8_000,
        15_000,
        30_000,
        60_000,
    ];

    private static readonly int s_outcomes = Enum.GetValues<DeliveryOutcome>().Length;

    private readonly long[] _outcomes = new long[s_outcomes];
    private readonly long[] _latencies = new long[s_bounds.Length];

    public long Total => _outcomes.Sum();

    /// <summary>Counts an attempt.</summary>
    /// <param name="duration">How long the request took; null if none was sent.</param>
    public void Add(DeliveryOutcome outcome, TimeSpan? duration)
    {
        Interlocked.Increment(ref _outcomes[(int)outcome]);
        if (duration is { } time)
        {
            Interlocked.Increment(ref _latencies[BucketOf(time)]);
        }
    }

    /// <summary>Adds other counts, as read from a row.</summary>
    public void Add(AttemptCounts other)
    {
        for (var i = 0; i < s_outcomes; i++)
        {
            _outcomes[i] += other._outcomes[i];
        }

        for (var i = 0; i < s_bounds.Length; i++)
        {
            _latencies[i] += other._latencies[i];
        }
    }

    public long Of(DeliveryOutcome outcome) => Volatile.Read(ref _outcomes[(int)outcome]);

    /// <summary>The latency that a share of the requests didn't exceed, in milliseconds, interpolated within its bucket.</summary>
    public double? Percentile(double share)
    {
        var total = _latencies.Sum();
        if (total == 0)
        {
            return null;
        }

        var rank = share * total;
        for (var (i, below) = (0, 0L); ; below += _latencies[i++])
        {
            if (_latencies[i] > 0 && below + _latencies[i] >= rank)
            {
                double lower = i == 0 ? 0 : s_bounds[i - 1];
                return Math.Round(lower + ((s_bounds[i] - lower) * (rank - below) / _latencies[i]), 1);
            }
        }
    }

    /// <summary>The latency buckets as they are stored.</summary>
    public string FormatLatencies() => string.Join(',', Enumerable.Range(0, s_bounds.Length).Select(i => Volatile.Read(ref _latencies[i])));

    /// <summary>Sets what was stored.</summary>
    public void Set(DeliveryOutcome outcome, long count) => _outcomes[(int)outcome] = count;

    /// <summary>Sets what <see cref="FormatLatencies"/> wrote.</summary>
    public void SetLatencies(string text)
    {
        foreach (var (index, count) in text.Split(',').Take(s_bounds.Length).Index())
        {
            _latencies[index] = long.Parse(count, CultureInfo.InvariantCulture);
        }
    }

    private static int BucketOf(TimeSpan duration)
    {
        var bucket = Array.BinarySearch(s_bounds, (int)Math.Ceiling(Math.Min(duration.TotalMilliseconds, s_bounds[^1])));
        return bucket < 0 ? ~bucket : bucket;
    }
}
