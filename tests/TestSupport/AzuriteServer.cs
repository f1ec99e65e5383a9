using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace TestSupport;

/// <summary>
/// Azurite's table service as a process on a port of its own. <see cref="SharedAsync"/> is one for the whole test assembly, in memory;
/// a test that stops it starts its own. It ends with the test process, however that ends.
/// </summary>
public sealed class AzuriteServer : IAsyncDisposable
{
    private const string Key = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";
    private static readonly TimeSpan StartTimeout = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan StopTimeout = TimeSpan.FromSeconds(15);
    private static readonly Lazy<Task<AzuriteServer>> Shared = new(() => StartAsync());

    private readonly string? _dataFolder;
    private readonly FileStream _claim;
    private Process? _process;

    private AzuriteServer(string? dataFolder) => (_dataFolder, (Port, _claim)) = (dataFolder, FreePort());

    public int Port { get; }

    public string ConnectionString =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"DefaultEndpointsProtocol=http;AccountName=devstoreaccount1;AccountKey={Key};TableEndpoint=http://127.0.0.1:{Port}/devstoreaccount1;"
        );

    public static Task<AzuriteServer> SharedAsync() => Shared.Value;

    /// <param name="dataFolder">Where it keeps its data over <see cref="StopAsync"/> and <see cref="StartAgainAsync"/>; null is in
    /// memory.</param>
    public static async Task<AzuriteServer> StartAsync(string? dataFolder = null)
    {
        var server = new AzuriteServer(dataFolder);
        await server.StartAgainAsync();
        return server;
    }

    /// <summary>Starts it on the same port, after <see cref="StopAsync"/>.</summary>
    public async Task StartAgainAsync()
    {
        var folder = AzuriteFolder();
        var start = new ProcessStartInfo("node")
        {
            WorkingDirectory = folder,
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        string[] persistence = _dataFolder is null ? ["--inMemoryPersistence"] : ["--location", _dataFolder];
        foreach (
            var argument in (string[])
                [
                    "table-service.js",
                    "--tablePort",
                    Port.ToString(CultureInfo.InvariantCulture),
                    "--silent",
                    "--skipApiVersionCheck",
                    "--disableTelemetry",
                    .. persistence,
                ]
        )
        {
            start.ArgumentList.Add(argument);
        }

        _process = Process.Start(start) ?? throw new InvalidOperationException("node could not be started.");
        await ReadyAsync(_process);
    }

    /// <summary>Ends it as Ctrl+C does; connections to it are refused from then on.</summary>
    public async Task StopAsync()
    {
        if (_process is not { } process)
        {
            return;
        }

        _process = null;
        process.StandardInput.Close();
        using var timeout = new CancellationTokenSource(StopTimeout);
        try
        {
            await process.WaitForExitAsync(timeout.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill();
        }

        process.Dispose();
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        await _claim.DisposeAsync();
    }

    private static async Task ReadyAsync(Process process)
    {
        var output = new StringBuilder();
        var ready = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        void Read(string? line)
        {
            lock (output)
            {
                output.AppendLine(line);
            }

            if (line?.Contains("successfully started", StringComparison.Ordinal) == true)
            {
                ready.TrySetResult();
            }
        }

        process.OutputDataReceived += (_, e) => Read(e.Data);
        process.ErrorDataReceived += (_, e) => Read(e.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        var ended = process.WaitForExitAsync();
        if (await Task.WhenAny(ready.Task, ended, Task.Delay(StartTimeout)) != ready.Task)
        {
            lock (output)
            {
                throw new InvalidOperationException($"Azurite did not start: {output}");
            }
        }
    }

    private static string AzuriteFolder()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            var azurite = Path.Combine(folder.FullName, "tests", "tools", "Azurite");
            if (Directory.Exists(azurite))
            {
                return Directory.Exists(Path.Combine(azurite, "node_modules", "azurite"))
                    ? azurite
                    : throw new InvalidOperationException(
                        "Azurite is not installed. Run ./test at the top of the repository: it installs what the tests need."
                    );
            }
        }

        throw new InvalidOperationException("The folder tests/tools/Azurite is in none of the folders above the test assembly.");
    }

    /// <summary>
    /// A port that no outgoing connection gets, and a file that keeps other servers from it, those of other test processes too: so that it
    /// is still free when this one starts, now or again.
    /// </summary>
    private static (int Port, FileStream Claim) FreePort()
    {
        for (var tries = 0; ; tries++)
        {
            var port = Random.Shared.Next(20_000, 32_000);
            FileStream? claim = null;
            try
            {
                claim = new FileStream(
                    Path.Combine(Path.GetTempPath(), $"azurite-{port}.port"),
                    FileMode.OpenOrCreate,
                    FileAccess.ReadWrite,
                    FileShare.None,
                    1,
                    FileOptions.DeleteOnClose
                );
                using var listener = new TcpListener(IPAddress.Loopback, port);
                listener.Start();
                return (port, claim);
            }
            catch (Exception exception) when (exception is SocketException or IOException && tries < 100)
            {
                // Taken: the next may be free.
                claim?.Dispose();
            }
        }
    }
}
