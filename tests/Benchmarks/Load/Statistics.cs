namespace Benchmarks.Load;

internal static class Statistics
{
    public static double Median(IEnumerable<double> values)
    {
        double[] ordered = [.. values.Order()];
        return ordered[ordered.Length / 2];
    }

    public static double Percentile(double[] ordered, double share) =>
        ordered[(int)Math.Min(ordered.Length - 1, Math.Ceiling(ordered.Length * share))];
}
