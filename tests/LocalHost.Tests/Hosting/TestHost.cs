using LocalHost.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;

namespace LocalHost.Tests.Hosting;

/// <summary>A host in this process, on a free port, with the functions of the given classes and a data folder of its own.</summary>
internal sealed class TestHost : IAsyncDisposable
{
    private readonly LocalFunctionsHost _host;
    private readonly string? _folder;

    private TestHost(LocalFunctionsHost host, StringWriter output, RecordingLoggerProvider logs, string? folder)
    {
        _host = host;
        _folder = folder;
        Output = output;
        Logs = logs;
    }

    public HttpClient Client { get; } = new();

    public StringWriter Output { get; }

    public RecordingLoggerProvider Logs { get; }

    public IServiceProvider Services => _host.Services;

    public string Url => _host.Url;

    public Task StopAsync(CancellationToken cancellationToken = default) => _host.StopAsync(cancellationToken);

    public static Task<TestHost> StartAsync<TFunctions>(Action<LocalHostBuilder>? configure = null, Setup? setup = null) =>
        StartAsync([typeof(TFunctions)], configure, setup);

    public static async Task<TestHost> StartAsync(
        IReadOnlyList<Type> functions,
        Action<LocalHostBuilder>? configure = null,
        Setup? setup = null
    )
    {
        var host = Create(functions, configure, setup);
        try
        {
            await host._host.StartAsync();
        }
        catch
        {
            await host.DisposeAsync();
            throw;
        }

        host.Client.BaseAddress = new Uri(host.Url);
        return host;
    }

    private static TestHost Create(IReadOnlyList<Type> functions, Action<LocalHostBuilder>? configure, Setup? given)
    {
        var setup = given ?? new Setup();
        var folder = setup.Folder ?? Directory.CreateTempSubdirectory("localhost-").FullName;
        var hostJson = Path.Combine(folder, "host.json");
        File.WriteAllText(hostJson, setup.HostJson);
        var output = new StringWriter();
        var logs = new RecordingLoggerProvider();
        var parts = new HostParts(CommandLine.Parse(["--port", setup.Port.ToString(), "--data", folder]), functions)
        {
            HostJson = hostJson,
            Output = output,
            Time = setup.Time,
            DrainTime = setup.DrainTime,
            Settings = new ConfigurationBuilder().AddInMemoryCollection(setup.Settings).Build(),
        };
        var builder = new LocalHostBuilder(parts);
        builder.Web.Logging.ClearProviders().AddProvider(logs);
        configure?.Invoke(builder);
        builder.Services.TryAddSingleton(setup.Time);
        return new TestHost(builder.Build(), output, logs, setup.Folder is null ? folder : null);
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _host.StopAsync();
        await _host.DisposeAsync();
        if (_folder is not null)
        {
            Directory.Delete(_folder, recursive: true);
        }
    }
}

internal sealed record Setup
{
    public string HostJson { get; init; } = """{ "version": "2.0", "extensions": { "http": { "routePrefix": "" } } }""";

    public Dictionary<string, string?> Settings { get; init; } = [];

    public TimeProvider Time { get; init; } = TimeProvider.System;

    public TimeSpan DrainTime { get; init; } = TimeSpan.FromSeconds(10);

    public int Port { get; init; }

    /// <summary>Kept after the test when given: the test made it.</summary>
    public string? Folder { get; init; }
}

internal sealed class RecordingLoggerProvider : ILoggerProvider
{
    private readonly System.Collections.Concurrent.ConcurrentQueue<(LogLevel Level, string Message, Exception? Exception)> _entries = new();

    public IEnumerable<(LogLevel Level, string Message, Exception? Exception)> Errors =>
        _entries.Where(entry => entry.Level >= LogLevel.Error);

    public IEnumerable<string> DebugMessages => _entries.Where(entry => entry.Level == LogLevel.Debug).Select(entry => entry.Message);

    public IEnumerable<(LogLevel Level, string Message, Exception? Exception)> Warnings =>
        _entries.Where(entry => entry.Level == LogLevel.Warning);

    public ILogger CreateLogger(string categoryName) => new Logger(this);

    public void Dispose() { }

    private sealed class Logger(RecordingLoggerProvider owner) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel,
            EventId eventId,
            TState state,
            Exception? exception,
            Func<TState, Exception?, string> formatter
        ) => owner._entries.Enqueue((logLevel, formatter(state, exception), exception));
    }
}
