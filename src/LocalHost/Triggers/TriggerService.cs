using Microsoft.Extensions.Hosting;

namespace LocalHost.Triggers;

/// <summary>
/// Starts the listeners after everything else, and stops them first, together with the web server, because running invocations still need
/// the other services.
/// </summary>
internal sealed class TriggerService : IHostedLifecycleService, IDisposable
{
    private Task _stopping = Task.CompletedTask;

    public IReadOnlyList<TriggerListener> Listeners { get; set; } = [];

    public Task StartedAsync(CancellationToken cancellationToken)
    {
        foreach (var listener in Listeners)
        {
            listener.Start();
        }

        return Task.CompletedTask;
    }

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
