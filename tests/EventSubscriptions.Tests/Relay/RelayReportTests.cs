using EventSubscriptions.Events;

namespace EventSubscriptions.Tests.Relay;

/// <summary>The operational events about polls.</summary>
public sealed class RelayReportTests : RelayPollerTestBase
{
    [Fact]
    public async Task Failure_is_reported_when_it_starts_and_when_it_ends()
    {
        Account.Refuse(500, $"no, {_relay.Account.ApiKey}");
        var began = Time.GetUtcNow();
        await PollAsync(times: 5);
        Account.Behave();
        await PollAsync(times: 3);

        var events = _relay.Operational.All.DistinctBy(item => item.Id).ToList();
        Assert.Equal([OperationalEvents.RelayPollFailing, OperationalEvents.RelayPollRecovered], events.Select(item => item.Name));
        Assert.All(events, item => Assert.Equal(_relay.Subscriber.OrganizationId, item.Organization));
        Assert.EndsWith($"_{began.ToUnixTimeMilliseconds()}_failing", events[0].Id.ToString(), StringComparison.Ordinal);
        var failing = EventPayload.Parse(events[0].Payload).GetProperty("data");
        Assert.Equal(_relay.Subscriber.Id, failing.GetProperty("subscriberId").GetString());
        Assert.Equal((500, "status"), (failing.GetProperty("statusCode").GetInt32(), failing.GetProperty("errorKind").GetString()));
        Assert.DoesNotContain(_relay.Account.ApiKey, failing.GetRawText(), StringComparison.Ordinal);
        Assert.Equal(began, EventPayload.Parse(events[1].Payload).GetProperty("data").GetProperty("failingSince").GetDateTimeOffset());
    }

    [Fact]
    public async Task Failure_for_another_reason_is_reported_again()
    {
        Account.Refuse(500, "no");
        await PollAsync(times: 2);
        Account.Refuse(401, "no");
        await PollAsync(times: 2);

        Assert.Equal(2, _relay.Operational.All.DistinctBy(item => item.Id).Count());
        Assert.Equal(401, _relay.Operational.LastData.GetProperty("statusCode").GetInt32());
    }

    [Fact]
    public async Task Failure_is_reported_by_a_later_poll_when_the_queue_failed()
    {
        Account.Refuse(500, "no");
        _relay.Operational.IsDown = true;
        await Assert.ThrowsAsync<IOException>(() => _relay.PollAsync());
        Time.Advance(TimeSpan.FromMinutes(1));
        await Assert.ThrowsAsync<IOException>(() => _relay.PollAsync());
        _relay.Operational.IsDown = false;
        Time.Advance(TimeSpan.FromMinutes(1));

        await PollAsync(times: 3);

        Assert.Single(_relay.Operational.All);
        Assert.Equal(["relay.failed"], await _relay.AuditTypesAsync());
    }

    private async Task PollAsync(int times)
    {
        for (var polls = 0; polls < times; polls++)
        {
            await _relay.PollAsync();
            Time.Advance(TimeSpan.FromMinutes(1));
        }
    }
}
