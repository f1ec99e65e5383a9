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
/// The inbox over HTTP, on a separate port and thus another origin than the app, because it shows untrusted content. <c>POST /hook</c>
/// receives. <c>GET /</c> is the page, which reads <c>GET /requests?since=N</c> and chooses the response with <c>PUT /response</c>.
/// </summary>
internal sealed class InboxServer : IAsyncDisposable
{
    /// <summary>The URL of the subscription.</summary>
    public const string HookPath = "/hook";

    private const int MaxBody = 1024 * 1024;

    private const string ContentSecurityPolicy =
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

    /// <summary>Starts on this port, or on any free one if it is in use.</summary>
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
        headers.ContentSecurityPolicy = ContentSecurityPolicy;
        headers.XContentTypeOptions = "nosniff";
        headers["Referrer-Policy"] = "no-referrer";
        headers.CacheControl = "no-store";
        return (context.Request.Method, context.Request.Path.Value) switch
        {
            ("POST", HookPath) => ReceiveAsync(context),
            ("GET", "/requests") => ListAsync(context),
            ("PUT", "/response") => ChooseAsync(context),
            ("GET", { } path) when s_files.TryGetValue(path, out var file) => SendFileAsync(context, file.Resource, file.ContentType),
            _ => NotFoundAsync(context),
        };
    }

    private async Task ReceiveAsync(HttpContext context)
    {
        using var body = new MemoryStream();
        try
        {
            await context.Request.Body.CopyToAsync(body, context.RequestAborted);
        }
        catch (BadHttpRequestException exception)
        {
            context.Response.StatusCode = exception.StatusCode;
            return;
        }

        context.Response.StatusCode = await _inbox.ReceiveAsync(context.Request.Headers, body.ToArray(), context.RequestAborted);
        if (context.Response.StatusCode != StatusCodes.Status200OK)
        {
            await context.Response.WriteAsync("The inbox is set to respond with this status.", context.RequestAborted);
        }
    }

    private Task ListAsync(HttpContext context)
    {
        _ = long.TryParse(context.Request.Query["since"], NumberStyles.None, CultureInfo.InvariantCulture, out var since);
        return context.Response.WriteAsJsonAsync(
            _inbox.GetSince(since),
            InboxJson.Default.InboxState,
            cancellationToken: context.RequestAborted
        );
    }

    private async Task ChooseAsync(HttpContext context)
    {
        // Another origin can't send this content type without a preflight request, which fails.
        if (!context.Request.HasJsonContentType())
        {
            context.Response.StatusCode = StatusCodes.Status415UnsupportedMediaType;
            return;
        }

        if (await ReadChoiceAsync(context) is not { } choice || !Enum.IsDefined(choice.Response))
        {
            context.Response.StatusCode = StatusCodes.Status400BadRequest;
            return;
        }

        _inbox.Response = choice.Response;
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

    private static Task NotFoundAsync(HttpContext context)
    {
        context.Response.StatusCode = StatusCodes.Status404NotFound;
        return Task.CompletedTask;
    }
}
