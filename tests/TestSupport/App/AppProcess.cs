using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace TestSupport.App;

/// <summary>The built app in a process of its own, with a data folder of its own, as an operator would run it.</summary>
internal sealed class AppProcess : IAsyncDisposable
{
    private const string ReadyPrefix = "Ready on ";
    private const int SigTerm = 15;
    private static readonly TimeSpan s_deadline = TimeSpan.FromSeconds(60);

    private readonly ConcurrentQueue<string> _lines = new();
    private readonly Dictionary<string, string> _settings;
    private readonly bool _ownsFolder;
    private Process? _process;
    private Task _reading = Task.CompletedTask;
    private TaskCompletionSource<Uri> _ready = NewReady();

    private AppProcess(string folder, bool ownsFolder, IEnumerable<(string Name, string Value)> settings)
    {
        Folder = folder;
        _ownsFolder = ownsFolder;
        _settings = new(StringComparer.Ordinal)
        {
            ["Access__AdminKey"] = AdminKey,
            ["Deliveries__AllowInsecureDestinations"] = "true",

            // Load tests subscribe more often than an organization may.
            ["Limits__SubscriptionsPerOrganization"] = "1000000",
            ["DOTNET_ENVIRONMENT"] = "Production",
            ["LocalHost__ServiceBusEndpoint"] = "true",
        };
        foreach (var (name, value) in settings)
        {
            _settings[name] = value;
        }
    }

    public string AdminKey { get; } = "admin-" + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(24));

    /// <summary>More arguments than the port and the folder.</summary>
    public IReadOnlyList<string> Arguments { get; init; } = [];

    public string Folder { get; }

    public Uri Address { get; private set; } = new("http://127.0.0.1:0");

    /// <summary>All that the app wrote to both of its streams, over all its starts.</summary>
    public string Output => string.Join('\n', _lines);

    public int ProcessId => Running.Id;

    /// <summary>How long the last start took, from the process's creation to its ready line.</summary>
    public TimeSpan StartTime { get; private set; }

    private Process Running => _process ?? throw new InvalidOperationException("The app isn't running.");

    /// <summary>Starts the app and returns when it takes requests.</summary>
    public static async Task<AppProcess> Start(params (string Name, string Value)[] settings)
    {
        var app = Create(settings);
        await app.StartAgain();
        return app;
    }

    /// <summary>An app that isn't started yet.</summary>
    public static AppProcess Create(params (string Name, string Value)[] settings) => Create([], settings);

    /// <summary>An app that isn't started yet, with more arguments than its port and folder.</summary>
    public static AppProcess Create(IReadOnlyList<string> arguments, params (string Name, string Value)[] settings) =>
        new(Directory.CreateTempSubdirectory("event-subscriptions-").FullName, ownsFolder: true, settings) { Arguments = arguments };

    /// <summary>An app that isn't started yet, on a folder that the test keeps.</summary>
    public static AppProcess CreateOn(string folder, IReadOnlyList<string> arguments, params (string Name, string Value)[] settings) =>
        new(folder, ownsFolder: false, settings) { Arguments = arguments };

    /// <summary>A second app, not started yet, on the folder of this one.</summary>
    public AppProcess CreateOnSameFolder() => new(Folder, ownsFolder: false, []);

    /// <summary>Starts the app, for the first time or again on the same folder, with the same key and settings.</summary>
    /// <param name="atSameAddress">For clients that know its address already; otherwise it takes any free port.</param>
    public async Task StartAgain(bool atSameAddress = false)
    {
        _ready = NewReady();
        var watch = Stopwatch.StartNew();
        Launch(atSameAddress ? Address.Port : 0);
        var exit = Running.WaitForExitAsync();
        var first = await Task.WhenAny(_ready.Task, exit, Task.Delay(s_deadline));
        if (first != _ready.Task)
        {
            await KillAndWait();
            throw new InvalidOperationException($"The app did not get ready:\n{Output}");
        }

        StartTime = watch.Elapsed;
        Address = await _ready.Task;
    }

    /// <summary>Starts an app that is expected to end by itself, and returns its exit code.</summary>
    public async Task<int> RunToEnd()
    {
        Launch(port: 0);
        return await ExitCode();
    }

    /// <summary>Ends the app at once, as a crash would (SIGKILL).</summary>
    public async Task Kill() => await KillAndWait();

    /// <summary>Asks the app to end (SIGTERM) and returns its exit code.</summary>
    public async Task<int> Stop()
    {
        return kill(Running.Id, SigTerm) == 0
            ? await ExitCode()
            : throw new InvalidOperationException($"kill failed with error {Marshal.GetLastPInvokeError()}");
    }

    /// <summary>The app as seen by the admin key.</summary>
    public Api AsAdmin() => new(() => Address, AdminKey);

    /// <summary>The app as seen by a key, or by nobody's.</summary>
    public Api As(string? key) => new(() => Address, key);

    public async ValueTask DisposeAsync()
    {
        await KillAndWait();
        if (_ownsFolder)
        {
            Directory.Delete(Folder, recursive: true);
        }
    }

    /// <summary>For a process that is about to exit and can't wait.</summary>
    public void Abandon()
    {
        _process?.Kill(entireProcessTree: true);
        _process?.WaitForExit();
        Directory.Delete(Folder, recursive: true);
    }

    private void Launch(int port)
    {
        if (!File.Exists(Repository.AppProgram))
        {
            throw new InvalidOperationException($"{Repository.AppProgram} isn't built.");
        }

        var start = new ProcessStartInfo(
            Repository.AppProgram,
            ["--port", port.ToString(CultureInfo.InvariantCulture), "--data", Folder, .. Arguments]
        )
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
            WorkingDirectory = Folder,
        };
        foreach (var (name, value) in _settings)
        {
            start.Environment[name] = value;
        }

        _process = Process.Start(start)!;
        _reading = Task.WhenAll(Read(_process.StandardOutput), Read(_process.StandardError));
    }

    private async Task Read(StreamReader reader)
    {
        while (await reader.ReadLineAsync() is { } line)
        {
            _lines.Enqueue(line);
            var at = line.IndexOf(ReadyPrefix, StringComparison.Ordinal);
            if (at >= 0 && Uri.TryCreate(line[(at + ReadyPrefix.Length)..].Trim(), UriKind.Absolute, out var address))
            {
                _ready.TrySetResult(address);
            }
        }
    }

    private async Task<int> ExitCode()
    {
        using var limit = new CancellationTokenSource(s_deadline);
        var process = Running;
        await process.WaitForExitAsync(limit.Token);
        await _reading;
        var code = process.ExitCode;
        process.Dispose();
        _process = null;
        return code;
    }

    private async Task KillAndWait()
    {
        if (_process is { } process)
        {
            process.Kill();
            await process.WaitForExitAsync();
            await _reading;
            process.Dispose();
            _process = null;
        }
    }

    private static TaskCompletionSource<Uri> NewReady() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    [DllImport("libc", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int kill(int processId, int signal);
}
