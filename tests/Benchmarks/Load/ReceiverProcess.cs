using System.Diagnostics;
using System.Globalization;

namespace Benchmarks.Load;

/// <summary>
/// The receiver's process, and what the load test asks of it. Times are <see cref="Stopwatch"/> timestamps, which all processes of a
/// machine share.
/// </summary>
internal sealed class ReceiverProcess : IAsyncDisposable
{
    private readonly Process _process;
    private readonly HttpClient _http;

    private ReceiverProcess(Process process, Uri address)
    {
        _process = process;
        _http = new HttpClient { BaseAddress = address, Timeout = Timeout.InfiniteTimeSpan };
    }

    public Uri Count => new(_http.BaseAddress!, "/count");

    public Uri Time => new(_http.BaseAddress!, "/time");

    public Uri Hang => new(_http.BaseAddress!, "/hang");

    public static async Task<ReceiverProcess> Start()
    {
        var process = Process.Start(
            new ProcessStartInfo(Environment.ProcessPath!, ["receiver"]) { RedirectStandardOutput = true, UseShellExecute = false }
        )!;
        while (await process.StandardOutput.ReadLineAsync() is { } line)
        {
            if (line.StartsWith(ReceiverServer.ReadyPrefix, StringComparison.Ordinal))
            {
                return new ReceiverProcess(process, new Uri(line[ReceiverServer.ReadyPrefix.Length..]));
            }
        }

        throw new InvalidOperationException("The receiver ended before it was ready.");
    }

    /// <summary>Begins to count anew, up to a number.</summary>
    public async Task Expect(int count) => await _http.GetStringAsync($"/expect?count={count}");

    /// <summary>Waits until as many requests have come as are expected, and returns when the last of them did.</summary>
    public async Task<long> Complete(Progress progress)
    {
        var complete = _http.GetStringAsync("/wait");
        while (await Task.WhenAny(complete, Task.Delay(TimeSpan.FromSeconds(1))) != complete)
        {
            progress.Say($"{await _http.GetStringAsync("/seen")} received");
        }

        return long.Parse(await complete, CultureInfo.InvariantCulture);
    }

    /// <summary>When each event id came first.</summary>
    public async Task<Dictionary<string, long>> Times()
    {
        var lines = (await _http.GetStringAsync("/times")).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        return lines
            .Select(line => line.Split(' '))
            .ToDictionary(parts => parts[0], parts => long.Parse(parts[1], CultureInfo.InvariantCulture), StringComparer.Ordinal);
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }
}
