namespace EventSubscriptions.Deliveries.Throttling;

/// <summary>A message whose turn comes within a moment.</summary>
internal sealed class QueuedCaller
{
    private readonly TaskCompletionSource<GateDecision> _admission = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenRegistration _cancellation;

    public QueuedCaller(int holds, DateTimeOffset until, CancellationToken cancellationToken)
    {
        Deferrals = holds;
        Until = until;
        _cancellation = cancellationToken.UnsafeRegister(static (waiter, token) => ((QueuedCaller)waiter!)._admission.TrySetCanceled(token), this);
    }

    public int Deferrals { get; }

    public DateTimeOffset Until { get; }

    public bool IsOver => _admission.Task.IsCompleted;

    public Task<GateDecision> Task => _admission.Task;

    public void Complete(Func<DateTimeOffset, GateDecision> admit, Action<GateDecision> withdraw, DateTimeOffset now)
    {
        _cancellation.Unregister();
        var admission = admit(now);
        if (!_admission.TrySetResult(admission))
        {
            withdraw(admission);
        }
    }
}
