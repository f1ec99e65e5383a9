using System.Net.Sockets;
using LocalHost.Demo;
using LocalHost.Triggers;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace LocalHost.Hosting;

/// <summary>The running host. Disposing it closes the data folder last.</summary>
internal sealed partial class LocalFunctionsHost(
    WebApplication app,
    TriggerService triggers,
    DataFolder folder,
    ILoggerFactory loggers,
    Banner banner,
    TextWriter output,
    DemoRun? demo
) : IHost, IAsyncDisposable
{
    private bool _disposed;

    public IServiceProvider Services => app.Services;

    /// <summary>The address, once started.</summary>
    public string Url { get; private set; } = "";

    /// <exception cref="StartupException">The port is in use, or the demo can't start.</exception>
    public async Task StartAsync(CancellationToken cancellationToken = default)
    {
        try
        {
            await app.StartAsync(cancellationToken);
        }
        catch (IOException exception) when (exception.InnerException is AddressInUseException)
        {
            throw new StartupException($"{exception.Message.TrimEnd('.')}. Choose another port with --port.");
        }
        catch (SocketException exception)
        {
            throw new StartupException($"Could not listen on the address: {exception.Message}. Choose another with --host and --port.");
        }

        Url = app.Urls.Single();
        Backup.Announce(folder.Path, Url);
        if (demo is not null)
        {
            await demo.StartAsync(Url, cancellationToken);
        }

        banner.Print(Url, demo?.Inbox);
    }

    public async Task StopAsync(CancellationToken cancellationToken = default)
    {
        output.WriteLine("Stopping…");
        if (demo is not null)
        {
            await demo.StopAsync();
        }

        try
        {
            await app.StopAsync(cancellationToken);
        }
        catch (Exception exception) when (exception is OperationCanceledException or AggregateException)
        {
            Log.NotDrained(app.Services.GetRequiredService<ILogger<LocalFunctionsHost>>(), exception);
        }
    }

    public void Dispose() => DisposeAsync().AsTask().GetAwaiter().GetResult();

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, true))
        {
            return;
        }

        if (demo is not null)
        {
            await demo.DisposeAsync();
        }

        await app.DisposeAsync();
        triggers.Dispose();
        folder.Dispose();
        loggers.Dispose();
        output.WriteLine("Stopped.");
    }

    private static partial class Log
    {
        [LoggerMessage(
            LogLevel.Warning,
            "Stopped while functions were still running; their messages are redelivered after the next start."
        )]
        public static partial void NotDrained(ILogger logger, Exception exception);
    }
}
