using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using EventSubscriptions.Deliveries;
using EventSubscriptions.Deliveries.Outcome;
using EventSubscriptions.Deliveries.Sending;
using EventSubscriptions.Destinations;
using EventSubscriptions.Organizations;
using EventSubscriptions.Subscriptions.Authentication;
using EventSubscriptions.Tests.Deliveries.Sending;
using Microsoft.Extensions.DependencyInjection;

namespace EventSubscriptions.Tests.Destinations;

public sealed class NameResolverTests : IDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    private readonly TestClock _clock = new(new DateTimeOffset(2026, 1, 31, 10, 0, 0, TimeSpan.Zero));
    private readonly OrganizationId _organization = Given.Organization();
    private readonly HangingResolver _system;

    public NameResolverTests() => _system = new HangingResolver(_clock);

    public void Dispose()
    {
        _system.Release();
        _system.Dispose();
    }

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("0.0.0.0")]
    [InlineData("::")]
    public async Task Address_is_not_looked_up(string address)
    {
        Assert.Equal([IPAddress.Parse(address)], await ResolveAsync(address));
        Assert.Empty(_system.Asked);
    }

    [Fact]
    public async Task Look_ups_use_4_threads_per_organization_and_16_in_all()
    {
        var hanging = Enumerable.Range(0, 100).Select(i => ResolveAsync($"hang-{i}.example")).ToList();
        await _system.AskedAsync(NameResolver.MaxPerOrganization);

        // Another organization finds threads, however many of the first one's hang.
        Assert.Equal([IPAddress.Loopback], await ResolveAsync("good.example", Given.Organization()));
        Assert.Equal(NameResolver.MaxPerOrganization, _system.Hanging);

        for (var i = 0; i < 5; i++)
        {
            var organization = Given.Organization();
            hanging.AddRange(Enumerable.Range(0, 10).Select(j => ResolveAsync($"hang-{i}-{j}.example", organization)));
        }

        await _system.AskedAsync(NameResolver.MaxThreads + 1);
        Assert.Equal(NameResolver.MaxThreads, _system.Hanging);
        Assert.DoesNotContain(_system.Asked, asked => asked.IsPoolThread);
        var late = ResolveAsync("late.example", Given.Organization());
        Assert.NotSame(late, await Task.WhenAny(late, Task.Delay(100)));

        _system.Release();
        await late.WaitAsync(s_patience);
        await Task.WhenAll(hanging).WaitAsync(s_patience);
        Assert.Equal(150 + 2, _system.Asked.Count);
        Assert.InRange(_system.MostHanging, 1, NameResolver.MaxThreads);
    }

    [Fact]
    public async Task Other_organizations_are_not_delayed_while_a_hundred_names_hang()
    {
        await using var receiver = new RawReceiver(RawReceiver.Ok("fine"));
        using var provider = new ServiceCollection()
            .AddSingleton(TimeProvider.System)
            .AddDestinations()
            .AddSingleton(new DestinationOptions { AllowInsecureDestinations = true })
            .AddSingleton(new DeliveriesOptions { Deadline = s_patience })
            .AddSingleton(new ManagedIdentityOptions())
            .AddWebhookSender()
            .AddSingleton<NameResolver>(_system)
            .BuildServiceProvider();
        var sender = provider.GetRequiredService<WebhookSender>();
        using var stopped = new CancellationTokenSource();
        var hanging = Enumerable.Range(0, 100).Select(i => SendAsync($"http://hang-{i}.example/", _organization, stopped.Token)).ToList();
        await _system.AskedAsync(NameResolver.MaxPerOrganization);

        var result = await SendAsync($"http://good.example:{receiver.Url.Port}/", Given.Organization(), default);

        Assert.Equal("fine", result.ResponseSnippet);
        Assert.DoesNotContain(hanging, send => send.IsCompleted);
        await stopped.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Task.WhenAll(hanging));

        Task<DeliveryResult> SendAsync(string url, OrganizationId organization, CancellationToken cancellationToken) =>
            Task.Run(
                () =>
                    sender.SendAsync(
                        Given.Subscription(organization, _clock) with
                        {
                            Url = new Uri(url),
                        },
                        Given.EventContent("{}"),
                        traceParent: null,
                        cancellationToken
                    ),
                CancellationToken.None
            );
    }

    [Fact]
    public async Task Abandoned_look_up_keeps_its_thread_and_is_dropped_if_it_has_not_started()
    {
        using var deadline = new CancellationTokenSource();
        var hanging = Enumerable.Range(0, 10).Select(i => ResolveAsync($"hang-{i}.example", cancellationToken: deadline.Token)).ToList();
        await _system.AskedAsync(NameResolver.MaxPerOrganization);

        await deadline.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Task.WhenAll(hanging));
        var next = ResolveAsync("good.example");
        Assert.Equal([IPAddress.Loopback], await ResolveAsync("good.example", Given.Organization()).WaitAsync(s_patience));

        // The first organization's own must wait, unless somebody else asks for the same: then both have it.
        Assert.Equal([IPAddress.Loopback], await next.WaitAsync(s_patience));
        Assert.Equal(NameResolver.MaxPerOrganization, _system.Hanging);
        var own = ResolveAsync("other.example");
        _system.Release();
        await own.WaitAsync(s_patience);
        Assert.Equal(NameResolver.MaxPerOrganization + 2, _system.Asked.Count);
    }

    [Fact]
    public async Task Concurrent_look_ups_of_a_name_are_shared()
    {
        var first = ResolveAsync("hang.example");
        await _system.AskedAsync(1);

        var others = Enumerable.Range(0, 20).Select(_ => ResolveAsync("HANG.example", Given.Organization())).ToList();
        _system.Release();

        await Task.WhenAll([first, .. others]).WaitAsync(s_patience);
        Assert.Single(_system.Asked);
        await ResolveAsync("hang.example");
        Assert.Equal(2, _system.Asked.Count);
    }

    [Fact]
    public async Task Name_that_could_not_be_resolved_is_looked_up_again_after_30_seconds()
    {
        await Assert.ThrowsAsync<SocketException>(() => ResolveAsync("bad.example"));
        _clock.Advance(NameResolver.FailureLifetime - TimeSpan.FromTicks(1));
        await Assert.ThrowsAsync<SocketException>(() => ResolveAsync("bad.example", Given.Organization()));
        Assert.Single(_system.Asked);
        _clock.Advance(TimeSpan.FromTicks(1));

        await Assert.ThrowsAsync<SocketException>(() => ResolveAsync("bad.example"));

        Assert.Equal(2, _system.Asked.Count);
    }

    private Task<IPAddress[]> ResolveAsync(
        string host,
        OrganizationId? organization = null,
        CancellationToken cancellationToken = default
    ) => _system.ResolveAsync(organization ?? _organization, host, cancellationToken);

    /// <summary>A system whose look-ups of <c>hang…</c> hang until they are released, and those of <c>bad…</c> fail.</summary>
    private sealed class HangingResolver(TimeProvider time) : NameResolver(time)
    {
        private readonly ManualResetEventSlim _released = new();
        private readonly SemaphoreSlim _asked = new(0);
        private int _hanging;
        private int _mostHanging;

        public ConcurrentQueue<(string Host, bool IsPoolThread)> Asked { get; } = new();

        public int Hanging => Volatile.Read(ref _hanging);

        public int MostHanging => Volatile.Read(ref _mostHanging);

        public void Release() => _released.Set();

        /// <summary>Returns once so many were asked for in all.</summary>
        public async Task AskedAsync(int count)
        {
            while (Asked.Count < count)
            {
                Assert.True(await _asked.WaitAsync(s_patience));
            }
        }

        protected override IPAddress[] Ask(string host)
        {
            if (host.StartsWith("hang", StringComparison.OrdinalIgnoreCase))
            {
                _mostHanging = Math.Max(_mostHanging, Interlocked.Increment(ref _hanging));
            }

            Asked.Enqueue((host, Thread.CurrentThread.IsThreadPoolThread));
            _asked.Release();
            if (host.StartsWith("hang", StringComparison.OrdinalIgnoreCase))
            {
                _released.Wait();
                Interlocked.Decrement(ref _hanging);
            }

            return host.StartsWith("bad", StringComparison.OrdinalIgnoreCase)
                ? throw new SocketException((int)SocketError.HostNotFound)
                : [IPAddress.Loopback];
        }
    }
}
