namespace EventSubscriptions.Storage;

/// <summary>
/// Retries a write that follows a POST through short outages, because failing it would repeat the POST. A longer outage does repeat it,
/// with the same <c>webhook-id</c>.
/// </summary>
public sealed class ShortRetry(TimeProvider time)
{
    private static readonly TimeSpan[] s_delays = [TimeSpan.FromMilliseconds(250), TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(4)];

    /// <summary>Runs the action up to four times, then throws what the last run threw. Cancellation ends the delays, not a run.</summary>
    public async Task ExecuteAsync(Func<CancellationToken, Task> action, CancellationToken cancellationToken)
    {
        foreach (var delay in s_delays)
        {
            try
            {
                await action(CancellationToken.None);
                return;
            }
            catch (Exception exception) when (TransientFaults.IsTransient(exception))
            {
                await Task.Delay(delay, time, cancellationToken);
            }
        }

        await action(CancellationToken.None);
    }
}
