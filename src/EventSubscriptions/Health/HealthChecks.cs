using Azure.Data.Tables;
using Azure.Messaging.ServiceBus;
using EventSubscriptions.Queues;
using EventSubscriptions.Storage;
using Microsoft.Extensions.Logging;

namespace EventSubscriptions.Health;

/// <summary>
/// Checks whether tables and queues are reachable by using each. Anonymous callers may ask, so a result is cached for 2 s.
/// </summary>
public sealed partial class HealthChecks(
    TableServiceClient tables,
    TableCreation creation,
    ServiceBusClient bus,
    TimeProvider time,
    ILogger<HealthChecks> logger
)
{
    private static readonly TimeSpan s_lifetime = TimeSpan.FromSeconds(2);

    // Together with the look-up of the caller's key, health responds within 5 s.
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(3);

    // Its messages are small, and a peek reads one.
    private readonly ServiceBusReceiver _queue = bus.CreateReceiver(QueueNames.Replays);
    private readonly ExpiringCache<string, IReadOnlyDictionary<string, bool>> _results = new(s_lifetime, 1, time);

    /// <summary>Returns whether each dependency is reachable.</summary>
    public ValueTask<IReadOnlyDictionary<string, bool>> GetAsync(CancellationToken cancellationToken) =>
        _results.GetAsync("", this, static (_, self) => self.CheckAsync(), cancellationToken);

    private async Task<IReadOnlyDictionary<string, bool>> CheckAsync()
    {
        var table = tables.GetTableClient(TableNames.ApiKeys);
        var reachesTables = ReachesAsync(
            "tables",
            token => table.GetEntityIfExistsAsync<TableEntity>("health", "health", cancellationToken: token)
        );
        var reachesQueues = ReachesAsync("queues", token => _queue.PeekMessageAsync(fromSequenceNumber: 0, token));
        return new Dictionary<string, bool>(StringComparer.Ordinal)
        {
            ["tables"] = await reachesTables && creation.IsDone,
            ["queues"] = await reachesQueues,
        };
    }

    private async Task<bool> ReachesAsync(string what, Func<CancellationToken, Task> reach)
    {
        using var patience = new CancellationTokenSource(s_patience, time);

        // Whatever fails, the result is the same.
        try
        {
            // The clients react to cancellation late.
            await reach(patience.Token).WaitAsync(patience.Token);
            return true;
        }
        catch (Exception exception)
        {
            Log.NotReached(logger, exception, what);
            return false;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "Unhealthy: the {What} are unreachable.")]
        public static partial void NotReached(ILogger logger, Exception exception, string what);
    }
}
