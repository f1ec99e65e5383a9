using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace EventSubscriptions.Relay;

/// <summary>Polls all Relay subscribers in parallel, on the schedule <c>RelaySchedule</c>.</summary>
public sealed partial class PollRelay(
    RelayPoller poller,
    RelayOptions options,
    IHostApplicationLifetime lifetime,
    ILogger<PollRelay> logger
)
{
    private const int AtOnce = 8;

    /// <summary>Stops as soon as the app stops, because the next run does the rest.</summary>
    [Function(nameof(PollRelay))]
    public async Task RunAsync([TimerTrigger("%RelaySchedule%")] TimerInfo timer, CancellationToken cancellationToken)
    {
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, lifetime.ApplicationStopping);
        await Parallel.ForEachAsync(
            options.Subscribers,
            new ParallelOptions { MaxDegreeOfParallelism = AtOnce },
            async (subscriber, _) =>
            {
                // A failure with one subscriber must not end the polls of others.
                try
                {
                    await poller.PollAsync(subscriber, linked.Token);
                }
                catch (OperationCanceledException) when (linked.Token.IsCancellationRequested)
                {
                    Log.Stopped(logger, subscriber.Id);
                }
                catch (Exception exception)
                {
                    Log.Failed(logger, exception, subscriber.Id);
                }
            }
        );
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Information, "Stopped the poll of Relay subscriber {Subscriber}; the next one continues.")]
        public static partial void Stopped(ILogger logger, string subscriber);

        [LoggerMessage(LogLevel.Error, "The poll of Relay subscriber {Subscriber} failed on our side; the next one continues.")]
        public static partial void Failed(ILogger logger, Exception exception, string subscriber);
    }
}
