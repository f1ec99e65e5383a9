namespace EventSubscriptions.Deliveries.Throttling;

/// <summary>A message that waits within its invocation because its turn is near.</summary>
internal sealed class QueuedCaller
{
    private readonly TaskCompletionSource<GateDecision> _decision = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenRegistration _cancellation;

    public QueuedCaller(int postponements, DateTimeOffset until, CancellationToken cancellationToken)
    {
        Postponements = postponements;
        Until = until;
        _cancellation = cancellationToken.UnsafeRegister(
            static (caller, token) => ((QueuedCaller)caller!)._decision.TrySetCanceled(token),
            this
        );
    }

    public int Postponements { get; }

    public DateTimeOffset Until { get; }

    public bool IsOver => _decision.Task.IsCompleted;

    public Task<GateDecision> Task => _decision.Task;

    public void Complete(Func<DateTimeOffset, GateDecision> admit, Action<GateDecision> withdraw, DateTimeOffset now)
    {
        _cancellation.Unregister();
        var decision = admit(now);
        if (!_decision.TrySetResult(decision))
        {
            withdraw(decision);
        }
    }
}
