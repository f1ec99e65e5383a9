using System.Diagnostics;
using TestSupport.App;

namespace Benchmarks.Load;

/// <summary>Repeats a measurement and takes the CPU time of a process meanwhile.</summary>
internal sealed class Rounds(int rounds, Progress progress)
{
    public static double PeakMemory(AppProcess app)
    {
        using var process = Process.GetProcessById(app.ProcessId);
        return process.PeakWorkingSet64 / 1e6;
    }

    /// <summary>The median of all rounds but the first, in which the runtime still compiles.</summary>
    /// <param name="process">Whose CPU counts.</param>
    /// <param name="count">How many operations a round has.</param>
    /// <param name="measure">One round; returns the operations per second.</param>
    public async Task<Speed> MeasureWarm(Process process, int count, Func<Task<double>> measure)
    {
        var speeds = new List<Speed>();
        for (var round = 0; round < rounds; round++)
        {
            var before = CpuTime(process);
            var rate = await measure();
            speeds.Add(new(rate, (CpuTime(process) - before).TotalMicroseconds / count));
            progress.Say($"round {round + 1}: {rate:N0}/s, {speeds[^1].Cpu:N1} µs");
        }

        Speed[] warm = [.. speeds.Skip(speeds.Count > 1 ? 1 : 0)];
        return new(Statistics.Median(warm.Select(speed => speed.Rate)), Statistics.Median(warm.Select(speed => speed.Cpu)));
    }

    private static TimeSpan CpuTime(Process process)
    {
        process.Refresh();
        return process.TotalProcessorTime;
    }
}

/// <param name="Rate">Operations a second.</param>
/// <param name="Cpu">Of one of them, in microseconds.</param>
internal sealed record Speed(double Rate, double Cpu);
