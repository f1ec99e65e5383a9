using Azure.Data.Tables;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace EventSubscriptions.Storage;

/// <summary>
/// Creates the tables. The start waits up to 20 s, so that nothing is triggered before they are there; storage that can't be reached until then (a
/// server that is still starting, a role that has not taken effect) is tried again in the background.
/// </summary>
/// <remarks>
/// The Functions host ends an app that has not contacted it within 60 s, and the app contacts it, and can send it logs, only after this.
/// </remarks>
public sealed partial class TableCreation(TableServiceClient tables, TimeProvider time, ILogger<TableCreation> logger) : IHostedLifecycleService, IDisposable
{
    private static readonly TimeSpan s_startLimit = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan s_firstWait = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan s_longestWait = TimeSpan.FromSeconds(15);

    private readonly CancellationTokenSource _stopping = new();
    private volatile bool _isDone;

    /// <summary>Whether all tables are there.</summary>
    public bool IsDone => _isDone;

    public async Task StartingAsync(CancellationToken cancellationToken)
    {
        try
        {
            await CreateAsync(_stopping.Token).WaitAsync(s_startLimit, time, cancellationToken);
        }
        catch (TimeoutException)
        {
            Log.StartsWithout(logger, s_startLimit.TotalSeconds);
        }
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => _stopping.CancelAsync();

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Called twice by the container, which knows it as two services.</summary>
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
            // Nobody awaits this in the background: whatever fails is logged and tried again.
            try
            {
                await Task.WhenAll(TableNames.All.Select(name => tables.GetTableClient(name).CreateIfNotExistsAsync(cancellationToken)));
                _isDone = true;
                if (wait > s_firstWait)
                {
                    Log.ReadyAtLast(logger);
                }

                return;
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
        [LoggerMessage(LogLevel.Information, "The tables are ready now.")]
        public static partial void ReadyAtLast(ILogger logger);

        [LoggerMessage(LogLevel.Warning, "The tables can't be created yet; the next try is in {Seconds} s.")]
        public static partial void NotReady(ILogger logger, Exception exception, double seconds);

        [LoggerMessage(LogLevel.Error, "Starting without tables: they could not be created within {Seconds} s. Until they are, health is 503 and messages are postponed.")]
        public static partial void StartsWithout(ILogger logger, double seconds);
    }
}
