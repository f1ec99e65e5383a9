namespace EventSubscriptions.Storage;

/// <summary>
/// Tries again what must not fail for a moment's trouble: behind a POST, since otherwise the receiver gets the POST again.
/// Trouble that lasts longer than these few seconds does repeat it, under the same <c>webhook-id</c>.
/// </summary>
public sealed class ShortRetry(TimeProvider time)
{
    private static readonly TimeSpan[] s_waits = [TimeSpan.FromMilliseconds(250), TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(4)];

    /// <summary>Returns once the action has succeeded, or throws what its last try threw. Cancelling ends the waits and not a try.</summary>
    public async Task TryAsync(Func<CancellationToken, Task> action, CancellationToken cancellationToken)
    {
        foreach (var wait in s_waits)
        {
            try
            {
                await action(CancellationToken.None);
                return;
            }
            catch (Exception exception) when (TransientFaults.Is(exception))
            {
                await Task.Delay(wait, time, cancellationToken);
            }
        }

        await action(CancellationToken.None);
    }
}
