using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace EventSubscriptions.Relay;

/// <summary>Reads the events of all subscribers of Relay, side by side, on the schedule <c>RelaySchedule</c>.</summary>
public sealed partial class PollRelay(RelayPoller poller, RelayOptions options, IHostApplicationLifetime lifetime, ILogger<PollRelay> logger)
{
    private const int AtOnce = 8;

    /// <summary>Ends as soon as the app is told to stop, since the next run does the rest.</summary>
    [Function(nameof(PollRelay))]
    public async Task RunAsync([TimerTrigger("%RelaySchedule%")] TimerInfo timer, CancellationToken cancellationToken)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, lifetime.ApplicationStopping);
        await Parallel.ForEachAsync(options.Subscribers, new ParallelOptions { MaxDegreeOfParallelism = AtOnce }, async (subscriber, _) =>
        {
            // What goes wrong with one subscriber must not end the polls of others.
            try
            {
                await poller.PollAsync(subscriber, either.Token);
            }
            catch (OperationCanceledException) when (either.Token.IsCancellationRequested)
            {
                Log.Stopped(logger, subscriber.Id);
            }
            catch (Exception exception)
            {
                Log.Failed(logger, exception, subscriber.Id);
            }
        });
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Information, "The poll of subscriber {Subscriber} of Relay was stopped; the next one goes on.")]
        public static partial void Stopped(ILogger logger, string subscriber);

        [LoggerMessage(LogLevel.Error, "The poll of subscriber {Subscriber} of Relay failed on our side; the next one goes on.")]
        public static partial void Failed(ILogger logger, Exception exception, string subscriber);
    }
}
