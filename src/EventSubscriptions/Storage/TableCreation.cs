using Azure;
using Azure.Data.Tables;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace EventSubscriptions.Storage;

/// <summary>
/// Creates the tables before anything is triggered. Storage that can't be reached yet (a server that is still starting, a role that has
/// not taken effect) is waited for.
/// </summary>
internal sealed partial class TableCreation(TableServiceClient tables, TimeProvider time, ILogger<TableCreation> logger) : IHostedLifecycleService
{
    private static readonly TimeSpan s_firstWait = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan s_longestWait = TimeSpan.FromSeconds(15);

    public async Task StartingAsync(CancellationToken cancellationToken)
    {
        for (var wait = s_firstWait; ; wait = wait * 2 < s_longestWait ? wait * 2 : s_longestWait)
        {
            try
            {
                await Task.WhenAll(TableNames.All.Select(name => tables.GetTableClient(name).CreateIfNotExistsAsync(cancellationToken)));
                return;
            }
            catch (Exception exception) when (exception is RequestFailedException or AggregateException && !cancellationToken.IsCancellationRequested)
            {
                Log.NotReady(logger, exception, wait.TotalSeconds);
                await Task.Delay(wait, time, cancellationToken);
            }
        }
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "The tables can't be created yet; the next try is in {Seconds} s.")]
        public static partial void NotReady(ILogger logger, Exception exception, double seconds);
    }
}
