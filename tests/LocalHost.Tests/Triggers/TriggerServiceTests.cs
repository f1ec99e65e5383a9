using LocalHost.Triggers;

namespace LocalHost.Tests.Triggers;

public sealed class TriggerServiceTests : IDisposable
{
    private readonly Listener _listener = new();
    private readonly TriggerService _service;

    public TriggerServiceTests() => _service = new TriggerService { Listeners = [_listener] };

    public void Dispose() => _service.Dispose();

    [Fact]
    public async Task Listeners_start_after_all_other_services()
    {
        await _service.StartAsync(CancellationToken.None);
        Assert.False(_listener.Started.Task.IsCompleted);

        await _service.StartedAsync(CancellationToken.None);

        await _listener.Started.Task.WaitAsync(TimeSpan.FromSeconds(20));
    }

    [Fact]
    public async Task Listeners_stop_before_all_other_services()
    {
        await _service.StartedAsync(CancellationToken.None);
        await _service.StoppingAsync(CancellationToken.None);
        Assert.True(_listener.IsStopping);
        var stop = _service.StopAsync(CancellationToken.None);
        Assert.False(stop.IsCompleted);

        _listener.Drained.SetResult();

        await stop;
    }

    private sealed class Listener : TriggerListener
    {
        public TaskCompletionSource Started { get; } = new();

        public TaskCompletionSource Drained { get; } = new();

        public bool IsStopping => Stopping.IsCancellationRequested;

        protected override Task RunAsync()
        {
            Started.SetResult();
            return Drained.Task;
        }
    }
}
