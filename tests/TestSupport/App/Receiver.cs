using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace TestSupport.App;

/// <summary>A request as it came in, byte for byte.</summary>
internal sealed record ReceivedRequest(
    string Method,
    string Path,
    string ContentType,
    string Authorization,
    string EventId,
    byte[] Body,
    TimeSpan At,
    IReadOnlyDictionary<string, string> Headers
)
{
    /// <summary>The body as an event.</summary>
    public PayloadResult Payload => ClientJson.Read<PayloadResult>(Body);

    /// <summary>The same with another header.</summary>
    public ReceivedRequest With(string header, string value) =>
        this with
        {
            Headers = new Dictionary<string, string>(Headers, StringComparer.OrdinalIgnoreCase) { [header] = value },
        };
}

/// <summary>Somebody else's web server: keeps what it gets, and responds each path as it is told.</summary>
internal sealed class Receiver : IAsyncDisposable
{
    private static readonly Stopwatch s_clock = Stopwatch.StartNew();
    private readonly ConcurrentDictionary<string, Hook> _hooks = new(StringComparer.Ordinal);
    private readonly WebApplication _server;

    private Receiver(WebApplication server) => _server = server;

    /// <summary>The clock of <see cref="ReceivedRequest.At"/>.</summary>
    public static TimeSpan Now => s_clock.Elapsed;

    private string Address { get; set; } = "";

    public static async Task<Receiver> Start()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        var server = builder.Build();
        var receiver = new Receiver(server);
        server.Run(receiver.Handle);
        await server.StartAsync();
        receiver.Address = server.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();
        return receiver;
    }

    /// <summary>A new URL at this server. It responds 200 until told otherwise.</summary>
    public Hook NewHook()
    {
        var path = "/" + Guid.NewGuid().ToString("N");
        return _hooks[path] = new Hook(new Uri(Address + path));
    }

    public async ValueTask DisposeAsync() => await _server.DisposeAsync();

    private async Task Handle(HttpContext context)
    {
        var request = context.Request;
        using var body = new MemoryStream();
        await request.Body.CopyToAsync(body);
        if (!_hooks.TryGetValue(request.Path.Value!, out var hook))
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            return;
        }

        context.Response.StatusCode = await hook.Take(
            new ReceivedRequest(
                request.Method,
                request.Path.Value!,
                request.ContentType ?? "",
                request.Headers.Authorization.ToString(),
                request.Headers["webhook-id"].ToString(),
                body.ToArray(),
                s_clock.Elapsed,
                request.Headers.ToDictionary(header => header.Key, header => header.Value.ToString(), StringComparer.OrdinalIgnoreCase)
            ),
            context.RequestAborted
        );
        if (hook.RetryAfter is { } seconds)
        {
            context.Response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
        }

        if (context.Response.StatusCode >= 300)
        {
            await context.Response.WriteAsync(hook.Body);
        }
    }
}

/// <summary>One URL of a <see cref="Receiver"/>, and what arrived there.</summary>
internal sealed class Hook(Uri url)
{
    private readonly Lock _lock = new();
    private readonly List<ReceivedRequest> _requests = [];
    private readonly List<string> _responded = [];
    private int[] _statusCodes = [StatusCodes.Status200OK];
    private TimeSpan _delay;
    private int _atOnce;

    public Uri Url { get; } = url;

    public IReadOnlyList<ReceivedRequest> Requests
    {
        get
        {
            lock (_lock)
            {
                return [.. _requests];
            }
        }
    }

    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _requests.Count;
            }
        }
    }

    /// <summary>The <c>Retry-After</c> of each response, in seconds.</summary>
    public int? RetryAfter { get; set; }

    /// <summary>The ids of the events whose sender got a response.</summary>
    public IReadOnlyList<string> Responded
    {
        get
        {
            lock (_lock)
            {
                return [.. _responded];
            }
        }
    }

    /// <summary>The highest number of requests in flight.</summary>
    public int MostAtOnce { get; private set; }

    /// <summary>Sets the status of the first response, the second, …; the last one is repeated.</summary>
    public Hook Responds(params int[] statusCodes)
    {
        _statusCodes = statusCodes;
        return this;
    }

    /// <summary>The body of responses that are not 2xx.</summary>
    public string Body { get; private set; } = "The receiver is busy.";

    /// <summary>Sets the body of responses that are not 2xx.</summary>
    public Hook WithBody(string body)
    {
        Body = body;
        return this;
    }

    /// <summary>Sets the delay before each response.</summary>
    public Hook After(TimeSpan delay)
    {
        _delay = delay;
        return this;
    }

    /// <summary>Waits until so many requests have come, and returns them in their order.</summary>
    public async Task<IReadOnlyList<ReceivedRequest>> Received(int count, TimeSpan? deadline = null)
    {
        await Eventually.Until(() => Count >= count, () => $"{count} requests at {Url}, {Count} came", deadline);
        return Requests;
    }

    /// <summary>Waits until an event has come, and returns its first request.</summary>
    public async Task<ReceivedRequest> Received(string eventId)
    {
        await Eventually.Until(() => Requests.Any(r => r.EventId == eventId), () => $"{eventId} at {Url}, {Count} others came");
        return Requests.First(r => r.EventId == eventId);
    }

    public async Task<int> Take(ReceivedRequest request, CancellationToken aborted)
    {
        int response;
        lock (_lock)
        {
            response = _statusCodes[Math.Min(_requests.Count, _statusCodes.Length - 1)];
            _requests.Add(request);
            MostAtOnce = Math.Max(MostAtOnce, ++_atOnce);
        }

        if (_delay > TimeSpan.Zero)
        {
            await Task.WhenAny(Task.Delay(_delay, aborted));
        }

        lock (_lock)
        {
            _atOnce--;
            if (!aborted.IsCancellationRequested)
            {
                _responded.Add(request.EventId);
            }
        }

        return response;
    }
}

/// <summary>A URL where nobody listens: its port stays taken, and every connection is refused.</summary>
internal sealed class ClosedPort : IDisposable
{
    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);

    public ClosedPort() => _socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));

    public Uri Url => new($"http://{_socket.LocalEndPoint}/hook");

    public void Dispose() => _socket.Dispose();
}
