namespace EventSubscriptions.Deliveries.Isolation;

/// <summary>A message whose turn comes within a moment.</summary>
internal sealed class Waiter
{
    private readonly TaskCompletionSource<Admission> _admission = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenRegistration _cancellation;

    public Waiter(int holds, DateTimeOffset until, CancellationToken cancellationToken)
    {
        Holds = holds;
        Until = until;
        _cancellation = cancellationToken.UnsafeRegister(static (waiter, token) => ((Waiter)waiter!)._admission.TrySetCanceled(token), this);
    }

    public int Holds { get; }

    public DateTimeOffset Until { get; }

    public bool IsOver => _admission.Task.IsCompleted;

    public Task<Admission> Task => _admission.Task;

    public void Complete(Func<DateTimeOffset, Admission> admit, Action<Admission> withdraw, DateTimeOffset now)
    {
        _cancellation.Unregister();
        var admission = admit(now);
        if (!_admission.TrySetResult(admission))
        {
            withdraw(admission);
        }
    }
}
