using LocalHost.Triggers;

namespace LocalHost.Tests.Triggers;

public sealed class TriggerServiceTests : IDisposable
{
    private readonly Listener _listener = new();
    private readonly TriggerService _service;

    public TriggerServiceTests() => _service = new TriggerService { Listeners = [_listener] };

    public void Dispose() => _service.Dispose();

    [Fact]
    public async Task Listeners_start_when_everything_else_has()
    {
        await _service.StartAsync(CancellationToken.None);
        Assert.False(_listener.Started);

        await _service.StartedAsync(CancellationToken.None);

        Assert.True(_listener.Started);
    }

    [Fact]
    public async Task Listeners_stop_before_anything_else_and_hold_up_the_rest_until_they_have()
    {
        await _service.StoppingAsync(CancellationToken.None);
        Assert.True(_listener.Stopping);
        var stop = _service.StopAsync(CancellationToken.None);
        Assert.False(stop.IsCompleted);

        _listener.Drained.SetResult();

        await stop;
    }

    private sealed class Listener : TriggerListener
    {
        public bool Started { get; private set; }

        public bool Stopping { get; private set; }

        public TaskCompletionSource Drained { get; } = new();

        public override Task StartAsync(CancellationToken cancellationToken)
        {
            Started = true;
            return Task.CompletedTask;
        }

        public override Task StopAsync(CancellationToken cancellationToken)
        {
            Stopping = true;
            return Drained.Task;
        }
    }
}
