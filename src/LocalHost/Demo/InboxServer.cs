using System.Globalization;
using System.Net;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace LocalHost.Demo;

/// <summary>
/// The inbox over HTTP, on its own port and so another origin than the app, because it shows what others have written. <c>POST /hook</c>
/// receives, <c>GET /</c> is the page, which reads <c>GET /arrivals?since=N</c> and chooses the response with <c>PUT /answer</c>.
/// </summary>
internal sealed class InboxServer : IAsyncDisposable
{
    /// <summary>The URL of the subscription.</summary>
    public const string HookPath = "/hook";

    private const int MaxBody = 1024 * 1024;

    private const string Policy =
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    private static readonly Dictionary<string, (string Resource, string ContentType)> s_files = new(StringComparer.Ordinal)
    {
        ["/"] = ("index.html", "text/html; charset=utf-8"),
        ["/inbox.js"] = ("inbox.js", "text/javascript; charset=utf-8"),
        ["/inbox.css"] = ("inbox.css", "text/css; charset=utf-8"),
    };

    private readonly WebApplication _app;
    private readonly Inbox _inbox;

    private InboxServer(WebApplication app, Inbox inbox)
    {
        _app = app;
        _inbox = inbox;
        app.Run(HandleAsync);
    }

    /// <summary>The address of the page on this machine.</summary>
    public Uri Url { get; private set; } = null!;

    /// <summary>Starts on a port, or on any free one if it is taken.</summary>
    public static async Task<InboxServer> StartAsync(Inbox inbox, IPAddress address, int port)
    {
        try
        {
            return await StartOnAsync(inbox, address, port);
        }
        catch (IOException exception) when (exception.InnerException is AddressInUseException)
        {
            return await StartOnAsync(inbox, address, port: 0);
        }
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private static async Task<InboxServer> StartOnAsync(Inbox inbox, IPAddress address, int port)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder
            .WebHost.UseKestrelCore()
            .ConfigureKestrel(kestrel =>
            {
                kestrel.AddServerHeader = false;
                kestrel.Limits.MaxRequestBodySize = MaxBody;
                kestrel.Listen(address, port);
            });
        builder.Services.AddLogging(logging => logging.SetMinimumLevel(LogLevel.None));
        var app = builder.Build();
        try
        {
            var server = new InboxServer(app, inbox);
            await app.StartAsync();
            var bound = new Uri(app.Urls.Single());
            server.Url =
                address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any)
                    ? new UriBuilder(bound) { Host = IPAddress.Loopback.ToString() }.Uri
                    : bound;
            return server;
        }
        catch
        {
            await app.DisposeAsync();
            throw;
        }
    }

    private Task HandleAsync(HttpContext context)
    {
        var headers = context.Response.Headers;
        headers.ContentSecurityPolicy = Policy;
        headers.XContentTypeOptions = "nosniff";
        headers["Referrer-Policy"] = "no-referrer";
        headers.CacheControl = "no-store";
        return (context.Request.Method, context.Request.Path.Value) switch
        {
            ("POST", HookPath) => ReceiveAsync(context),
            ("GET", "/arrivals") => ListAsync(context),
            ("PUT", "/answer") => ChooseAsync(context),
            ("GET", { } path) when s_files.TryGetValue(path, out var file) => SendFileAsync(context, file.Resource, file.ContentType),
            _ => Answer(context, StatusCodes.Status404NotFound),
        };
    }

    private async Task ReceiveAsync(HttpContext context)
    {
        using var body = new MemoryStream();
        try
        {
            await context.Request.Body.CopyToAsync(body, context.RequestAborted);
        }
        catch (BadHttpRequestException refused)
        {
            context.Response.StatusCode = refused.StatusCode;
            return;
        }

        context.Response.StatusCode = await _inbox.TakeAsync(context.Request.Headers, body.ToArray(), context.RequestAborted);
        if (context.Response.StatusCode != StatusCodes.Status200OK)
        {
            await context.Response.WriteAsync("The inbox was told to respond like this.", context.RequestAborted);
        }
    }

    private Task ListAsync(HttpContext context)
    {
        _ = long.TryParse(context.Request.Query["since"], NumberStyles.None, CultureInfo.InvariantCulture, out var since);
        return context.Response.WriteAsJsonAsync(
            _inbox.Since(since),
            InboxJson.Default.InboxState,
            cancellationToken: context.RequestAborted
        );
    }

    private async Task ChooseAsync(HttpContext context)
    {
        // A page of another origin can't send this content type without a preflight request, which is not answered.
        if (!context.Request.HasJsonContentType())
        {
            context.Response.StatusCode = StatusCodes.Status415UnsupportedMediaType;
            return;
        }

        if (await ReadChoiceAsync(context) is not { } choice || !Enum.IsDefined(choice.Answer))
        {
            context.Response.StatusCode = StatusCodes.Status400BadRequest;
            return;
        }

        _inbox.Answer = choice.Answer;
        context.Response.StatusCode = StatusCodes.Status204NoContent;
    }

    private static async Task<InboxChoice?> ReadChoiceAsync(HttpContext context)
    {
        try
        {
            return await context.Request.ReadFromJsonAsync(InboxJson.Default.InboxChoice, context.RequestAborted);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static async Task SendFileAsync(HttpContext context, string resource, string contentType)
    {
        context.Response.ContentType = contentType;
        await using var stream = typeof(InboxServer).Assembly.GetManifestResourceStream($"Inbox/{resource}")!;
        await stream.CopyToAsync(context.Response.Body, context.RequestAborted);
    }

    private static Task Answer(HttpContext context, int status)
    {
        context.Response.StatusCode = status;
        return Task.CompletedTask;
    }
}
