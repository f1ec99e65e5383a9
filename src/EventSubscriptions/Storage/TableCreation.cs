using Azure.Data.Tables;
using EventSubscriptions.Options;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace EventSubscriptions.Storage;

/// <summary>
/// Creates the tables, then checks the keys against their data. The start waits for it for up to 20 s, so that no trigger fires earlier. If
/// storage is still unreachable then (a server that is starting, a role that has not propagated), it is retried in the background.
/// </summary>
/// <remarks>
/// The Functions host kills an app that has not connected within 60 s, and the app connects, and can send logs, only after this.
/// </remarks>
public sealed partial class TableCreation(
    TableServiceClient tables,
    SecretCanary canary,
    IHostApplicationLifetime lifetime,
    TimeProvider time,
    ILogger<TableCreation> logger
) : IHostedLifecycleService, IDisposable
{
    private static readonly TimeSpan s_startLimit = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan s_firstWait = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan s_longestWait = TimeSpan.FromSeconds(15);

    private readonly CancellationTokenSource _stopping = new();
    private volatile bool _isDone;
    private volatile bool _isInBackground;
    private volatile InvalidSettingsException? _wrongKeys;

    /// <summary>Whether all tables exist and the keys belong to their data.</summary>
    public bool IsDone => _isDone;

    public async Task StartingAsync(CancellationToken cancellationToken)
    {
        try
        {
            await CreateAsync(_stopping.Token).WaitAsync(s_startLimit, time, cancellationToken);
        }
        catch (TimeoutException)
        {
            _isInBackground = true;
            if (_wrongKeys is { } wrongKeys)
            {
                throw wrongKeys;
            }

            Log.StartsWithout(logger, s_startLimit.TotalSeconds);
        }
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => _stopping.CancelAsync();

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Fails the app like a start with wrong keys if they were found later.</summary>
    public Task StoppedAsync(CancellationToken cancellationToken) =>
        _wrongKeys is null ? Task.CompletedTask : Task.FromException(_wrongKeys);

    /// <summary>Called twice by the container, which registers this as two services.</summary>
    public void Dispose()
    {
        if (!_stopping.IsCancellationRequested)
        {
            _stopping.Cancel();
        }

        _stopping.Dispose();
    }

    private async Task CreateAsync(CancellationToken cancellationToken)
    {
        for (var wait = s_firstWait; ; wait = wait * 2 < s_longestWait ? wait * 2 : s_longestWait)
        {
            // Nothing awaits this in the background: failures are logged and retried.
            try
            {
                await Task.WhenAll(TableNames.All.Select(name => tables.GetTableClient(name).CreateIfNotExistsAsync(cancellationToken)));
                await canary.CheckAsync(cancellationToken);
                _isDone = true;
                if (wait > s_firstWait)
                {
                    Log.ReadyAtLast(logger);
                }

                return;
            }
            catch (InvalidSettingsException exception)
            {
                // While the app starts, the exception fails the start.
                _wrongKeys = exception;
                if (_isInBackground)
                {
                    Log.WrongKeys(logger, exception);
                    lifetime.StopApplication();
                }

                throw;
            }
            catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
            {
                Log.NotReady(logger, exception, wait.TotalSeconds);
                await Task.Delay(wait, time, cancellationToken);
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Information, "The tables are ready.")]
        public static partial void ReadyAtLast(ILogger logger);

        [LoggerMessage(LogLevel.Critical, "Stopping: the keys don't belong to the data in the tables.")]
        public static partial void WrongKeys(ILogger logger, Exception exception);

        [LoggerMessage(LogLevel.Warning, "Could not create the tables; retrying in {Seconds} s.")]
        public static partial void NotReady(ILogger logger, Exception exception, double seconds);

        [LoggerMessage(
            LogLevel.Error,
            "Starting without tables: they could not be created within {Seconds} s. Until they are, GET /api/health returns 503 and messages are postponed."
        )]
        public static partial void StartsWithout(ILogger logger, double seconds);
    }
}
