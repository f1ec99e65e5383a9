using System.Text.Json.Nodes;
using LocalHost.Hosting;
using Microsoft.Extensions.Logging;

namespace LocalHost.Demo;

/// <summary>The demo of <c>--demo</c>: an inbox, a subscription to it, and one event per second.</summary>
internal sealed partial class DemoRun(CommandLine commandLine, HttpClient api, string adminKey, TimeProvider time, ILogger<DemoRun> logger)
    : IAsyncDisposable
{
    /// <summary>The name of the HTTP client.</summary>
    public const string ClientName = "demo";

    private static readonly TimeSpan s_interval = TimeSpan.FromSeconds(1);

    private readonly CancellationTokenSource _stopping = new();
    private InboxServer? _server;
    private Task _publishing = Task.CompletedTask;

    /// <summary>The address of the inbox, once started.</summary>
    public Uri? Inbox => _server?.Url;

    /// <summary>Starts when the app accepts requests. The inbox listens on the next port if it is free.</summary>
    /// <exception cref="StartupException">The app rejects the inbox as a receiver.</exception>
    public async Task StartAsync(string url, CancellationToken cancellationToken)
    {
        DemoClient.Configure(api, url, adminKey);
        var client = new DemoClient(api);
        var inbox = new Inbox(time);
        _server = await InboxServer.StartAsync(inbox, commandLine.Address, commandLine.Port == 0 ? 0 : commandLine.Port + 1);
        inbox.Credentials = await client.SubscribeAsync(new Uri(_server.Url, InboxServer.HookPath), cancellationToken);
        var examples = await client.GetExamplesAsync(cancellationToken);
        _publishing = Task.Run(() => PublishAsync(client, examples, _stopping.Token), CancellationToken.None);
    }

    /// <summary>Stops publishing. The inbox keeps running for deliveries in flight.</summary>
    public async Task StopAsync()
    {
        await _stopping.CancelAsync();
        await _publishing;
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        if (_server is not null)
        {
            await _server.DisposeAsync();
        }

        _stopping.Dispose();
        api.Dispose();
    }

    private async Task PublishAsync(DemoClient client, IReadOnlyList<JsonObject> examples, CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(s_interval, time);
        for (var n = 0; !cancellationToken.IsCancellationRequested; n++)
        {
            try
            {
                await client.PublishAsync(examples[n % examples.Count], cancellationToken);
                await timer.WaitForNextTickAsync(cancellationToken);
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception exception) when (exception is HttpRequestException or StartupException or OperationCanceledException)
            {
                Log.NotPublished(logger, exception);
                await Task.WhenAny(Task.Delay(s_interval, time, cancellationToken));
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "Could not publish an event of the demo; continuing with the next.")]
        public static partial void NotPublished(ILogger logger, Exception exception);
    }
}
