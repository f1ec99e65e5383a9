using Azure;
using Azure.Messaging.ServiceBus;
using Microsoft.AspNetCore.Http;

namespace EventSubscriptions.Tests.Relay;

/// <summary>The time budget of polls, skipped polls and the reported lag.</summary>
public sealed class RelayPollerTimeTests : RelayPollerTestBase
{
    [Fact]
    public async Task Next_poll_continues_when_a_poll_used_up_its_time()
    {
        var ids = Enumerable.Range(0, 1_000).Select(n => Account.Add(Start.AddMinutes(n * 5 - 6_000))).ToList();
        DelayResponses(TimeSpan.FromSeconds(15));

        await _relay.PollAsync();
        var first = _relay.Published();
        Assert.Equal(ids[..first.Count], first);
        Assert.InRange(first.Count, 300, 400);
        var health = await _relay.HealthAsync();
        Assert.Equal(("healthy", Time.GetUtcNow()), (health.State, health.LastSuccessfulPollAt));
        Assert.Equal((long)(Time.GetUtcNow() - (await _relay.StateAsync()).Cursor!.Value).TotalSeconds, health.LagSeconds);

        await _relay.PollAsync();
        await _relay.PollAsync();

        Assert.Equal(ids[first.Count..], _relay.Published());
        Assert.Equal(1_000, _relay.Read());
        Assert.InRange(_relay.Lag(), TimeSpan.Zero, TimeSpan.FromMinutes(2));
    }

    [Fact]
    public async Task Poll_makes_progress_when_the_overlap_has_many_events()
    {
        await using var relay = await RelayFixture.StartAsync(budget: TimeSpan.Zero);
        var ids = Enumerable.Range(0, 500).Select(n => relay.Account.Add(relay.Start.AddMilliseconds(n * 100).AddMinutes(-1))).ToList();
        for (var polls = 0; polls < 10; polls++)
        {
            await relay.PollAsync();
            relay.Time.Advance(TimeSpan.FromMinutes(1));
        }

        Assert.Equal(ids, relay.Published());
    }

    [Fact]
    public async Task Poll_is_skipped_until_the_time_of_Retry_After()
    {
        var requests = 0;
        Account.Misbehave = context =>
        {
            requests++;
            context.Response.StatusCode = StatusCodes.Status429TooManyRequests;
            context.Response.Headers.RetryAfter = "300";
            return Task.FromResult(true);
        };
        for (var minutes = 0; minutes < 5; minutes++)
        {
            await _relay.PollAsync();
            Time.Advance(TimeSpan.FromMinutes(1));
        }

        Assert.Equal(1, requests);
        Assert.Equal(["relay.failed"], await _relay.AuditTypesAsync());
        Account.Behave();
        await _relay.PollAsync();

        Assert.Equal(["relay.failed", "relay.recovered"], await _relay.AuditTypesAsync());
    }

    [Fact]
    public async Task Time_budget_starts_after_the_events_that_were_read_before()
    {
        for (var n = 0; n < 1_000; n++)
        {
            Account.Add(Start.AddMinutes(-4).AddMilliseconds(n * 100));
        }

        await _relay.PollAsync();
        _relay.Published();
        var ids = Enumerable.Range(0, 1_000).Select(n => Account.Add(Start.AddMinutes(-2).AddMilliseconds(n * 100))).ToList();
        DelayResponses(TimeSpan.FromSeconds(5));

        await _relay.PollAsync();
        var published = _relay.Published();

        Assert.InRange(published.Count, 900, 1_000);
        Assert.Equal(ids[..published.Count], published);
    }

    [Fact]
    public async Task Late_event_is_published_when_the_poll_before_took_long()
    {
        await using var relay = await RelayFixture.StartAsync(overlap: TimeSpan.FromSeconds(10));
        relay.Account.Add(relay.Start.AddSeconds(15));
        relay.Account.Misbehave = _ =>
        {
            relay.Time.Advance(TimeSpan.FromSeconds(20));
            return Task.FromResult(false);
        };
        await relay.PollAsync();
        relay.Published();
        var late = relay.Account.Add(relay.Start.AddSeconds(-5));
        await relay.PollAsync();

        Assert.Equal([late], relay.Published());
        Assert.Equal(2, relay.Read());
    }

    [Fact]
    public async Task Lag_is_measured_from_the_first_failure_when_no_poll_has_succeeded()
    {
        Account.Refuse(StatusCodes.Status401Unauthorized);
        await _relay.PollAsync();
        Time.Advance(TimeSpan.FromMinutes(20));
        _relay.ChangeInstance();
        await _relay.PollAsync();

        Assert.Equal(TimeSpan.FromMinutes(20), _relay.Lag());
        Assert.Null((await _relay.HealthAsync()).LagSeconds);
    }

    [Fact]
    public async Task Lag_grows_while_polls_are_skipped()
    {
        await _relay.PollAsync();
        Account.Refuse(StatusCodes.Status429TooManyRequests, "", ("Retry-After", "3600"));
        Time.Advance(TimeSpan.FromMinutes(10));
        await _relay.PollAsync();
        Time.Advance(TimeSpan.FromMinutes(10));
        await _relay.PollAsync();

        Assert.Equal(TimeSpan.FromMinutes(20), _relay.Lag());
        Assert.Equal(20 * 60, (await _relay.HealthAsync()).LagSeconds);
    }

    [Fact]
    public async Task Lag_grows_while_the_table_cannot_be_read()
    {
        await _relay.PollAsync();
        _relay.Tables.Failure = (_, _) => new RequestFailedException(503, "busy");
        Time.Advance(TimeSpan.FromMinutes(20));
        await Assert.ThrowsAsync<RequestFailedException>(() => _relay.PollAsync());

        Assert.Equal(TimeSpan.FromMinutes(20), _relay.Lag());
    }

    [Fact]
    public async Task Lag_grows_while_the_queue_fails()
    {
        Account.Add(Start.AddMinutes(-2));
        _relay.Queue.Failure = new ServiceBusException("busy", ServiceBusFailureReason.ServiceBusy);
        await Assert.ThrowsAsync<IOException>(() => _relay.PollAsync());
        Time.Advance(TimeSpan.FromMinutes(20));
        await Assert.ThrowsAsync<IOException>(() => _relay.PollAsync());

        Assert.Equal(TimeSpan.FromMinutes(20), _relay.Lag());
        _relay.Queue.Failure = null;
        await _relay.PollAsync();
        Assert.Equal(TimeSpan.Zero, _relay.Lag());
    }
}
