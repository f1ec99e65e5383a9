using Microsoft.Extensions.Hosting;

namespace LocalHost.Triggers;

/// <summary>
/// Runs the listeners: they start when everything else has, and when the host stops they stop first, together with the web server, and
/// before the application's own services, which their last invocations still need.
/// </summary>
internal sealed class TriggerService : IHostedLifecycleService, IDisposable
{
    private Task _stopping = Task.CompletedTask;

    public IReadOnlyList<TriggerListener> Listeners { get; set; } = [];

    public Task StartedAsync(CancellationToken cancellationToken) =>
        Task.WhenAll(Listeners.Select(listener => listener.StartAsync(cancellationToken)));

    public Task StoppingAsync(CancellationToken cancellationToken)
    {
        _stopping = Task.WhenAll(Listeners.Select(listener => listener.StopAsync(cancellationToken)));
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => _stopping;

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose()
    {
        foreach (var listener in Listeners)
        {
            listener.Dispose();
        }
    }
}
