using System.Diagnostics;

namespace EventSubscriptions.Tests.Scenarios.Harness;

/// <summary>A Node program that reads lines and writes lines. It is told to end by the end of its input, and killed at the latest when disposed of.</summary>
internal sealed class NodeProgram : IAsyncDisposable
{
    private readonly Process _process;
    private readonly Task<string> _errors;

    private NodeProgram(Process process)
    {
        _process = process;
        _errors = process.StandardError.ReadToEndAsync();
    }

    /// <param name="file">The program. Its folder is where it looks for packages.</param>
    /// <param name="environment">Added to that of this process.</param>
    public static NodeProgram Start(string file, params (string Name, string Value)[] environment)
    {
        var start = new ProcessStartInfo("node", [file])
        {
            WorkingDirectory = Path.GetDirectoryName(file),
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        return new NodeProgram(Process.Start(start)!);
    }

    public async Task Write(string line)
    {
        await _process.StandardInput.WriteLineAsync(line);
        await _process.StandardInput.FlushAsync();
    }

    /// <summary>The next line of its output. It throws, with what the program complained about, where it has ended.</summary>
    public async Task<string> Read()
    {
        using var limit = new CancellationTokenSource(Eventually.Deadline);
        return await _process.StandardOutput.ReadLineAsync(limit.Token)
            ?? throw new InvalidOperationException($"{_process.StartInfo.ArgumentList[0]} has ended: {await _errors}");
    }

    public async ValueTask DisposeAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }
}
