using System.Net;
using System.Net.Sockets;
using EventSubscriptions.Deliveries;
using EventSubscriptions.Deliveries.Outcome;
using EventSubscriptions.Deliveries.Sending;
using EventSubscriptions.Destinations;
using EventSubscriptions.Organizations;
using EventSubscriptions.Subscriptions.Authentication;
using Microsoft.Extensions.DependencyInjection;

namespace EventSubscriptions.Tests.Deliveries.Sending;

public sealed class WebhookConnectorTests : IDisposable
{
    private static readonly TimeSpan s_deadline = TimeSpan.FromMilliseconds(1500);
    private static readonly TimeSpan s_plenty = TimeSpan.FromSeconds(60);

    private readonly TestClock _clock = new(new DateTimeOffset(2026, 1, 31, 10, 0, 0, TimeSpan.Zero));
    private readonly List<ServiceProvider> _providers = [];

    public void Dispose() => _providers.ForEach(provider => provider.Dispose());

    [Fact]
    public async Task Nothing_is_connected_when_a_name_has_changed_to_a_private_address_since_it_was_checked()
    {
        await using var receiver = new RawReceiver(RawReceiver.Ok(""));
        var url = new Uri($"https://hooks.example.com:{receiver.Url.Port}/");
        Assert.Null(new DestinationGuard(new DestinationOptions()).CheckUrl(url));

        var result = await SendAsync(url, new Names("127.0.0.1"), insecure: false);

        Assert.Equal(
            new DeliveryError(ErrorKind.Forbidden, "Connecting to hooks.example.com is not allowed: 127.0.0.1 is a loopback address."),
            result.Error
        );
        Assert.Equal(0, receiver.Connections);
    }

    [Theory]
    [InlineData("8.8.8.8", "127.0.0.1")]
    [InlineData("127.0.0.1", "8.8.8.8")]
    [InlineData("2606:4700:4700::1111", "::ffff:127.0.0.1")]
    [InlineData("8.8.8.8", "64:ff9b::7f00:1")]
    [InlineData("8.8.8.8", "168.63.129.16")]
    public async Task Nothing_is_connected_when_one_address_of_several_is_not_public(string first, string second)
    {
        var result = await SendAsync(new Uri("https://hooks.example.com/"), new Names($"{first} {second}"), insecure: false);

        Assert.Equal(ErrorKind.Forbidden, result.Error?.Kind);
    }

    [Fact]
    public async Task Address_that_was_checked_is_the_one_that_is_connected_when_the_name_changes_in_between()
    {
        await using var receiver = new RawReceiver("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        // Nobody listens at the second: a look-up between check and connect would show.
        var names = new Names("127.0.0.1", "127.0.0.2");

        var result = await SendAsync(new Uri($"http://hooks.example.com:{receiver.Url.Port}/"), names);

        Assert.Equal(200, result.StatusCode);
        Assert.Equal(["hooks.example.com"], names.Asked);
    }

    [Fact]
    public async Task Name_is_looked_up_and_checked_again_for_every_connection()
    {
        await using var receiver = new RawReceiver("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        var url = new Uri($"http://hooks.example.com:{receiver.Url.Port}/");
        var names = new Names("127.0.0.1", "127.0.0.1", "");
        var sender = Sender(names);

        await SendAsync(url, sender);
        await SendAsync(url, sender);
        var result = await SendAsync(url, sender);

        Assert.Equal(3, names.Asked.Count);
        Assert.Equal(new DeliveryError(ErrorKind.Dns, "The host name hooks.example.com has no address."), result.Error);
    }

    [Fact]
    public async Task Next_address_is_tried_when_one_does_not_accept_connections()
    {
        await using var receiver = new RawReceiver(RawReceiver.Ok(""));

        var result = await SendAsync(new Uri($"http://hooks.example.com:{receiver.Url.Port}/"), new Names("127.0.0.2 127.0.0.1"));

        Assert.Equal(200, result.StatusCode);
    }

    [Fact]
    public async Task Delivery_is_retried_when_the_name_resolves_to_a_private_address_for_a_moment()
    {
        var sender = Sender(new Names("127.0.0.1"), insecure: false);

        var result = await SendAsync(new Uri("https://hooks.example.com/"), sender);

        Assert.Equal((ErrorKind.Forbidden, false), (result.Error?.Kind, result.IsUrlForbidden));
    }

    [Fact]
    public async Task Live_address_is_reached_after_several_that_drop_packets()
    {
        await using var receiver = new RawReceiver(RawReceiver.Ok(""));
        using var second = new FullServer("127.0.0.2", receiver.Url.Port);
        using var third = new FullServer("127.0.0.3", receiver.Url.Port);
        using var fourth = new FullServer("127.0.0.4", receiver.Url.Port);
        using var fifth = new FullServer("127.0.0.5", receiver.Url.Port);

        var result = await SendAsync(
            new Uri($"http://hooks.example.com:{receiver.Url.Port}/"),
            new Names("127.0.0.2 127.0.0.3 127.0.0.4 127.0.0.5 127.0.0.1")
        );

        Assert.Equal(200, result.StatusCode);
    }

    [Fact]
    public async Task Second_address_is_of_the_other_family()
    {
        await using var receiver = new RawReceiver(RawReceiver.Ok(""));
        var documentation = Enumerable.Range(1, 40).Select(i => $"2001:db8::{i}");

        var result = await SendAsync(
            new Uri($"http://hooks.example.com:{receiver.Url.Port}/"),
            new Names(string.Join(' ', documentation.Append("127.0.0.1")))
        );

        Assert.Equal(200, result.StatusCode);
    }

    [Fact]
    public async Task Attempt_fails_to_connect_when_no_address_accepts_connections()
    {
        using var bound = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        bound.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        var port = ((IPEndPoint)bound.LocalEndPoint!).Port;

        var result = await SendAsync(new Uri($"http://hooks.example.com:{port}/"), new Names("127.0.0.2 127.0.0.3 127.0.0.1"));

        Assert.Equal(new DeliveryError(ErrorKind.Connect, $"Could not connect to 127.0.0.1:{port}: Connection refused."), result.Error);
    }

    [Theory]
    [InlineData("0.0.0.0")]
    [InlineData("[::]")]
    public async Task Unspecified_address_connects_to_this_machine(string host)
    {
        await using var receiver = new RawReceiver(RawReceiver.Ok(""), IPAddress.IPv6Any);

        var result = await SendAsync(new Uri($"http://{host}:{receiver.Url.Port}/"));

        Assert.Equal(200, result.StatusCode);
    }

    [Theory]
    [InlineData("localhost")]
    [InlineData("localhost.localdomain")]
    [InlineData("ip6-localhost")]
    [InlineData("hooks.example.com")]
    public async Task Nothing_is_connected_for_any_spelling_of_a_private_address(string name)
    {
        var result = await SendAsync(new Uri($"https://{name}/"), new Names("::1"), insecure: false);

        Assert.Equal(ErrorKind.Forbidden, result.Error?.Kind);
    }

    [Theory]
    [InlineData("look-up")]
    [InlineData("connect")]
    [InlineData("tls")]
    [InlineData("headers")]
    [InlineData("body")]
    public async Task Attempt_ends_at_the_deadline_in_every_stage(string stage)
    {
        using var full = new FullServer();
        await using var silent = new RawReceiver(
            (_, cancellationToken) => Task.Delay(Timeout.Infinite, cancellationToken),
            readFirst: false
        );
        await using var slow = new RawReceiver(
            async (stream, cancellationToken) =>
            {
                await stream.WriteAsync("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nx"u8.ToArray(), cancellationToken);
                await Task.Delay(Timeout.Infinite, cancellationToken);
            }
        );
        var (url, names) = stage switch
        {
            "look-up" => (new Uri("http://hooks.example.com/"), new Names()),
            "connect" => (full.Url, null),
            "tls" => (new UriBuilder(silent.Url) { Scheme = "https" }.Uri, null),
            "headers" => (silent.Url, null),
            _ => (slow.Url, null),
        };

        var result = await SendAsync(url, Sender(names, deadline: s_deadline));

        Assert.Equal(ErrorKind.Timeout, result.Error?.Kind);
        Assert.Equal(stage == "body" ? 200 : null, result.StatusCode);
        Assert.InRange(result.Duration, s_deadline * 0.3, s_deadline + TimeSpan.FromSeconds(4));
    }

    private Task<DeliveryResult> SendAsync(Uri url, NameResolver? names = null, bool insecure = true) =>
        SendAsync(url, Sender(names, insecure));

    /// <summary>Away from the threads that all tests share: their work must not use up the deadline.</summary>
    private Task<DeliveryResult> SendAsync(Uri url, WebhookSender sender) =>
        Task.Run(() =>
            sender.SendAsync(
                Given.Subscription(Given.Organization(), _clock) with
                {
                    Url = url,
                },
                Given.EventContent("{}"),
                traceParent: null,
                default
            )
        );

    private WebhookSender Sender(NameResolver? names = null, bool insecure = true, TimeSpan? deadline = null)
    {
        var services = new ServiceCollection()
            .AddSingleton(TimeProvider.System)
            .AddDestinations()
            .AddSingleton(new DestinationOptions { AllowInsecureDestinations = insecure })
            .AddSingleton(new DeliveriesOptions { Deadline = deadline ?? s_plenty })
            .AddSingleton(new ManagedIdentityOptions())
            .AddWebhookSender();
        if (names is not null)
        {
            services.AddSingleton(names);
        }

        var provider = services.BuildServiceProvider();
        _providers.Add(provider);
        return provider.GetRequiredService<WebhookSender>();
    }

    /// <summary>What a name resolves to, look-up by look-up: addresses separated by blanks. Behind the last it takes for ever.</summary>
    private sealed class Names(params string[] responses) : NameResolver(TimeProvider.System)
    {
        public List<string> Asked { get; } = [];

        public override async Task<IPAddress[]> ResolveAsync(OrganizationId organization, string host, CancellationToken cancellationToken)
        {
            Asked.Add(host);
            if (Asked.Count > responses.Length)
            {
                await Task.Delay(Timeout.Infinite, cancellationToken);
            }

            return [.. responses[Asked.Count - 1].Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(IPAddress.Parse)];
        }
    }
}

/// <summary>A server whose queue of connections is full: the system responds no attempt to connect.</summary>
internal sealed class FullServer : IDisposable
{
    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly List<Socket> _waiting = [];

    public FullServer(string address = "127.0.0.1", int port = 0)
    {
        _listener.Bind(new IPEndPoint(IPAddress.Parse(address), port));
        _listener.Listen(0);
        for (var i = 0; i < 4; i++)
        {
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { Blocking = false };
            _waiting.Add(socket);
            try
            {
                socket.Connect(_listener.LocalEndPoint!);
            }
            catch (SocketException pending) when (pending.SocketErrorCode is SocketError.WouldBlock or SocketError.InProgress)
            {
                // It waits, and so will everybody else.
            }
        }
    }

    public Uri Url => new($"http://{_listener.LocalEndPoint}/in");

    public void Dispose()
    {
        _waiting.ForEach(socket => socket.Dispose());
        _listener.Dispose();
    }
}
