using System.Diagnostics;

namespace Benchmarks.Load;

/// <summary>Says on standard error what is going on, so that standard output holds the figures alone.</summary>
internal sealed class Progress
{
    private readonly Stopwatch _watch = Stopwatch.StartNew();

    public void Say(string what) => Console.Error.WriteLine($"{_watch.Elapsed.TotalSeconds, 6:0.0} s  {what}");
}
