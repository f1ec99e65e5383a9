namespace LocalHost.Triggers;

/// <summary>Invokes a function for messages or at scheduled times.</summary>
internal abstract class TriggerListener : IDisposable
{
    private readonly CancellationTokenSource _stopping = new();
    private readonly CancellationTokenSource _aborting = new();
    private Task _running = Task.CompletedTask;

    protected TriggerListener() => (Stopping, Aborting) = (_stopping.Token, _aborting.Token);

    /// <summary>Cancelled when no more invocations may start.</summary>
    protected CancellationToken Stopping { get; }

    /// <summary>Cancelled when running invocations must end.</summary>
    protected CancellationToken Aborting { get; }

    public void Start() => _running = Task.Run(RunAsync);

    /// <summary>
    /// Starts no more invocations, and waits for those that run. Aborts them when <paramref name="cancellationToken"/> is cancelled.
    /// </summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await _stopping.CancelAsync();
        try
        {
            await _running.WaitAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            await _aborting.CancelAsync();
            throw;
        }
    }

    public void Dispose()
    {
        _stopping.Dispose();
        _aborting.Dispose();
    }

    /// <summary>Runs until <see cref="Stopping"/> is cancelled and all invocations have ended.</summary>
    protected abstract Task RunAsync();
}
