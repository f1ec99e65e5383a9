using LocalHost.Messaging;

namespace LocalHost.Tests.Messaging;

/// <summary>Clocks that are set, and machines that sleep.</summary>
public sealed class ClockTests : IDisposable
{
    private readonly TestBroker _broker = new();

    public void Dispose() => _broker.Dispose();

    [Fact]
    public async Task Scheduled_messages_are_at_most_a_minute_late_when_the_machine_slept()
    {
        await ScheduleAsync("10 h", TimeSpan.FromHours(10));
        _broker.Time.Jump(TimeSpan.FromHours(11));
        await ScheduleAsync("5 s", TimeSpan.FromSeconds(5));
        _broker.Time.Advance(TimeSpan.FromMinutes(1));
        await _broker.FlushAsync();

        Assert.Equal(["10 h", "5 s"], TestBroker.Bodies(_broker.Receive()));
    }

    [Fact]
    public async Task Message_is_on_time_when_it_was_scheduled_after_the_clock_was_set_forward()
    {
        await ScheduleAsync("10 h", TimeSpan.FromHours(10));
        _broker.Time.Jump(TimeSpan.FromHours(1));
        await ScheduleAsync("5 s", TimeSpan.FromSeconds(5));
        _broker.Time.Advance(TimeSpan.FromSeconds(5));
        await _broker.FlushAsync();

        Assert.Equal(["5 s"], TestBroker.Bodies(_broker.Receive()));
    }

    [Fact]
    public async Task Message_is_on_time_when_it_was_scheduled_after_the_clock_was_set_back()
    {
        await ScheduleAsync("before", TimeSpan.FromSeconds(1));
        _broker.Time.Advance(TimeSpan.FromSeconds(1));
        await _broker.FlushAsync();
        Assert.Single(_broker.Receive());
        _broker.Time.Jump(TimeSpan.FromDays(-1));
        await ScheduleAsync("after", TimeSpan.FromSeconds(5));
        _broker.Time.Advance(TimeSpan.FromSeconds(5));
        await _broker.FlushAsync();

        Assert.Equal(["after"], TestBroker.Bodies(_broker.Receive()));
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(1)]
    public async Task Lock_duration_is_independent_of_the_wall_clock(int days)
    {
        await _broker.PutAsync("x");
        var received = _broker.ReceiveOne();
        _broker.Time.Jump(TimeSpan.FromDays(days));
        _broker.Time.Advance(TestBroker.Plain.LockDuration - TimeSpan.FromSeconds(1));
        Assert.Empty(_broker.Receive());
        _broker.Queue.RenewLock(received.LockToken);

        _broker.Time.Advance(TestBroker.Plain.LockDuration);
        Assert.Throws<LockLostException>(() => _broker.Queue.RenewLock(received.LockToken));
        Assert.Equal(["x"], TestBroker.Bodies(_broker.Receive()));
    }

    [Fact]
    public async Task Duplicate_window_is_kept_when_the_clock_was_ahead_for_a_moment()
    {
        _broker.Time.Jump(TimeSpan.FromDays(365));
        await _broker.SendAsync("once", TestBroker.Message("1", "a"));
        _broker.Time.Jump(TimeSpan.FromDays(-365));
        await _broker.SendAsync("once", TestBroker.Message("2", "a"), TestBroker.Message("3", "b"));
        using var again = _broker.Crash();
        await again.SendAsync("once", TestBroker.Message("4", "b"));

        Assert.Equal(["1", "2", "3"], TestBroker.Bodies(again.Broker.GetQueue("once").Receive(10)));
    }

    private Task<long> ScheduleAsync(string body, TimeSpan after)
    {
        var message = TestBroker.Message(body);
        message.ScheduledEnqueueTime = _broker.Time.GetUtcNow() + after;
        return _broker.SendAsync("plain", message);
    }
}
