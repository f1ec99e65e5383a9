using EventSubscriptions.Tests.Scenarios.Harness;

namespace EventSubscriptions.Tests.Relay;

/// <summary>A subscriber of a fake Relay and the poller that reads it, on a clock that the test moves.</summary>
public abstract class RelayPollerTestBase : IAsyncLifetime
{
    private protected RelayFixture _relay = null!;

    private protected RelayAccount Account => _relay.Account;

    private protected TestClock Time => _relay.Time;

    private protected DateTimeOffset Start => _relay.Start;

    public async Task InitializeAsync() => _relay = await RelayFixture.StartAsync();

    public async Task DisposeAsync() => await _relay.DisposeAsync();

    /// <summary>Adds 250 events, one a minute, and returns their ids.</summary>
    private protected List<string> AddBacklog() => [.. Enumerable.Range(0, 250).Select(n => Account.Add(Start.AddMinutes(n - 300)))];

    /// <summary>Advances the clock with each request.</summary>
    private protected void DelayResponses(TimeSpan delay) =>
        Account.Misbehave = _ =>
        {
            Time.Advance(delay);
            return Task.FromResult(false);
        };
}
