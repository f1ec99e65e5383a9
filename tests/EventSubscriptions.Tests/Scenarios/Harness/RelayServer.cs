using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace EventSubscriptions.Tests.Scenarios.Harness;

/// <summary>A stand-in for the Relay API that keeps to its document, and misbehaves as it is told, for each subscriber apart.</summary>
internal sealed class RelayServer : IAsyncDisposable
{
    private readonly ConcurrentDictionary<string, RelayAccount> _accounts = new(StringComparer.Ordinal);
    private readonly WebApplication _server;

    private RelayServer(WebApplication server) => _server = server;

    public Uri Address => new(_server.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single());

    public static async Task<RelayServer> Start()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        var server = builder.Build();
        var relay = new RelayServer(server);
        server.MapGet("/subscribers/{id}/api/v1/events", relay.RespondAsync);
        await server.StartAsync();
        return relay;
    }

    /// <summary>A new subscriber with a key of its own and no events yet.</summary>
    public RelayAccount NewAccount()
    {
        var account = new RelayAccount(Guid.NewGuid().ToString(), "key-" + Guid.NewGuid().ToString("N"));
        return _accounts[account.Id] = account;
    }

    public async ValueTask DisposeAsync() => await _server.DisposeAsync();

    private async Task RespondAsync(HttpContext context, string id)
    {
        if (!_accounts.TryGetValue(id, out var account))
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            return;
        }

        await account.RespondAsync(context);
    }
}

/// <summary>One question that a subscriber was asked.</summary>
internal sealed record RelayRequest(DateTimeOffset Oldest, int Limit);

/// <summary>How a page is ordered.</summary>
internal enum RelayOrder
{
    /// <summary>As the document says.</summary>
    OldestFirst,

    /// <summary>The right events, in any order.</summary>
    Shuffled,

    /// <summary>The newest events rather than the oldest.</summary>
    NewestFirst,
}

/// <summary>A subscriber: its events, and how its questions are responded.</summary>
internal sealed class RelayAccount(string id, string apiKey)
{
    private const int StandardLimit = 100;

    private static readonly TimeSpan s_standardSpan = TimeSpan.FromDays(7);

    private readonly Lock _lock = new();
    private readonly List<(DateTimeOffset At, JsonNode Event)> _events = [];
    private readonly List<RelayRequest> _questions = [];

    public string Id => id;

    public string ApiKey => apiKey;

    /// <summary>The most events of a response, whatever is asked for.</summary>
    public int Cap { get; set; } = int.MaxValue;

    public RelayOrder Order { get; set; }

    /// <summary>To what <c>oldest</c> is cut before it is used.</summary>
    public TimeSpan Precision { get; set; } = TimeSpan.FromTicks(1);

    /// <summary>Responds in place of the account where it returns true.</summary>
    public Func<HttpContext, Task<bool>> Misbehave { get; set; } = _ => Task.FromResult(false);

    /// <summary>The questions so far that were responded with events.</summary>
    public IReadOnlyList<RelayRequest> Requests
    {
        get
        {
            lock (_lock)
            {
                return [.. _questions];
            }
        }
    }

    /// <summary>Responds every question with a status and a text until told otherwise.</summary>
    public void Refuse(int status, string text = "", params (string Name, string Value)[] headers) =>
        Misbehave = async context =>
        {
            context.Response.StatusCode = status;
            foreach (var (name, value) in headers)
            {
                context.Response.Headers[name] = value;
            }

            await context.Response.WriteAsync(text);
            return true;
        };

    public void Behave() => Misbehave = _ => Task.FromResult(false);

    /// <summary>Adds an event as the document shows it, and returns its id.</summary>
    public string Add(DateTimeOffset at)
    {
        var eventId = Guid.NewGuid().ToString("N");
        Add(at, RelaySamples.Event(eventId, at));
        return eventId;
    }

    /// <summary>Adds events of one moment, and returns their ids.</summary>
    public IReadOnlyList<string> Add(DateTimeOffset at, int count) => [.. Enumerable.Range(0, count).Select(_ => Add(at))];

    /// <summary>Adds events that Relay lists from a given time, whatever their own timestamps.</summary>
    public void Add(DateTimeOffset at, JsonNode json)
    {
        lock (_lock)
        {
            _events.Add((at, json));
        }
    }

    public async Task RespondAsync(HttpContext context)
    {
        if (await Misbehave(context))
        {
            return;
        }

        var request = context.Request;
        if (request.Headers.Authorization.ToString() != $"RelayApiKey {apiKey}")
        {
            context.Response.StatusCode = StatusCodes.Status401Unauthorized;
            return;
        }

        if (request.ContentType != "application/json")
        {
            context.Response.StatusCode = StatusCodes.Status415UnsupportedMediaType;
            return;
        }

        var question = new RelayRequest(
            request.Query.TryGetValue("oldest", out var oldest)
                ? DateTimeOffset.ParseExact(
                    oldest.ToString(),
                    "yyyy-MM-dd'T'HH:mm:ss.FFFFFF'Z'",
                    CultureInfo.InvariantCulture,
                    DateTimeStyles.AssumeUniversal
                )
                : DateTimeOffset.UtcNow - s_standardSpan,
            request.Query.TryGetValue("limit", out var limit) ? int.Parse(limit.ToString(), CultureInfo.InvariantCulture) : StandardLimit
        );
        context.Response.ContentType = "application/json";
        await context.Response.WriteAsync(Page(question));
    }

    private string Page(RelayRequest question)
    {
        lock (_lock)
        {
            _questions.Add(question);
            var from = question.Oldest.AddTicks(-(question.Oldest.Ticks % Precision.Ticks));
            var found = _events.Where(item => item.At >= from);
            found = Order == RelayOrder.NewestFirst ? found.OrderByDescending(item => item.At) : found.OrderBy(item => item.At);
            var page = found.Take(Math.Min(question.Limit, Cap)).Select(item => item.Event.ToJsonString()).ToArray();
            if (Order == RelayOrder.Shuffled)
            {
                new Random(page.Length).Shuffle(page);
            }

            return $"[{string.Join(',', page)}]";
        }
    }
}

/// <summary>Relay's events as its document shows them.</summary>
internal static class RelaySamples
{
    private static readonly string s_folder = Path.Combine(AppContext.BaseDirectory, "Fixtures", "relay");

    private static readonly string s_started = Response("RelayAlertStartedEvent");

    /// <summary>The samples, each named for the event that it becomes.</summary>
    public static IReadOnlyList<string> Names { get; } =
    [.. Directory.EnumerateFiles(s_folder, "*.json").Select(file => Path.GetFileNameWithoutExtension(file)).Order(StringComparer.Ordinal)];

    /// <summary>A response with one event, as text.</summary>
    public static string Response(string name) => File.ReadAllText(Path.Combine(s_folder, name + ".json"));

    /// <summary>An event of the document with another id and time.</summary>
    public static JsonObject Event(string id, DateTimeOffset at)
    {
        var sample = JsonNode.Parse(s_started)!.AsArray()[0]!.DeepClone().AsObject();
        sample["id"] = id;
        sample["timestamp"] = at.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture);
        return sample;
    }
}
