using System.Diagnostics;

namespace EventSubscriptions.Tests.Scenarios.Harness;

/// <summary>
/// A program of somebody else that reads lines and writes lines. It is told to end by the end of its input, and killed at the latest when
/// disposed of.
/// </summary>
internal sealed class OtherProgram : IAsyncDisposable
{
    private readonly Process _process;
    private readonly Task<string> _errors;

    private OtherProgram(Process process)
    {
        _process = process;
        _errors = process.StandardError.ReadToEndAsync();
    }

    /// <summary>Starts a program in Node. Its folder is where it looks for packages.</summary>
    public static OtherProgram Node(string file, params (string Name, string Value)[] environment) => Start("node", file, environment);

    /// <param name="program">What runs it, or the program itself.</param>
    /// <param name="file">The file to run, or null.</param>
    /// <param name="environment">Added to that of this process.</param>
    public static OtherProgram Start(string program, string? file, params (string Name, string Value)[] environment)
    {
        var start = new ProcessStartInfo(program, file is null ? [] : [file])
        {
            WorkingDirectory = Path.GetDirectoryName(file ?? program),
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        return new OtherProgram(Process.Start(start)!);
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
            ?? throw new InvalidOperationException($"{_process.StartInfo.FileName} has ended: {await _errors}");
    }

    public async ValueTask DisposeAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }
}
