using Azure;
using Azure.Messaging.ServiceBus;
using EventSubscriptions.Storage;

namespace EventSubscriptions.Tests.Relay;

/// <summary>Events, state and audit log when Relay, the queue or a table fails.</summary>
public sealed class RelayPollerFaultTests : RelayPollerTestBase
{
    [Fact]
    public async Task Cursor_stays_when_the_queue_fails()
    {
        var ids = Account.Add(Start.AddMinutes(-2), 3);
        _relay.Queue.Failure = new ServiceBusException("busy", ServiceBusFailureReason.ServiceBusy);
        await Assert.ThrowsAsync<IOException>(() => _relay.PollAsync());

        Assert.Null((await _relay.StateAsync()).Cursor);
        Assert.Equal(0, await _relay.SeenAsync());
        Assert.Equal("waiting", (await _relay.HealthAsync()).State);
        _relay.Queue.Failure = null;
        await _relay.PollAsync();

        Assert.Equal(ids.Order(), _relay.Published().Order());
    }

    [Fact]
    public async Task Page_is_published_again_with_the_same_ids_when_its_cursor_could_not_be_stored()
    {
        var ids = Account.Add(Start.AddMinutes(-2), 3);
        FailWritesOfCursors();
        await Assert.ThrowsAsync<RequestFailedException>(() => _relay.PollAsync());
        _relay.Tables.Failure = (_, _) => null;
        await _relay.PollAsync();

        Assert.Equal(6, _relay.Read());
        Assert.Equal(ids.Concat(ids).Order(), _relay.Published().Order());
    }

    [Fact]
    public async Task Overtaken_poll_changes_neither_state_nor_audit_log()
    {
        var ids = AddBacklog();
        var (reached, release) = (new TaskCompletionSource(), new TaskCompletionSource());
        Account.Misbehave = async _ =>
        {
            if (Account.Requests.Count == 1)
            {
                Account.Behave();
                reached.SetResult();
                await release.Task;
            }

            return false;
        };
        var slow = _relay.PollAsync();
        await reached.Task;

        await _relay.PollAsync();
        var state = await _relay.StateAsync();
        release.SetResult();
        await slow;

        Assert.Equal(ids.Order(), _relay.Published().Distinct(StringComparer.Ordinal).Order());
        Assert.Equal(state, await _relay.StateAsync());
        await _relay.PollAsync();
        Assert.Empty(_relay.Published());
        Assert.Empty(await _relay.AuditLogAsync());
    }

    [Fact]
    public async Task Concurrent_first_polls_publish_events_with_the_same_ids()
    {
        var ids = AddBacklog();

        await Task.WhenAll(_relay.PollAsync(), _relay.PollAsync(), _relay.PollAsync());
        await _relay.PollAsync();

        Assert.Equal(ids.Order(), _relay.Published().Distinct(StringComparer.Ordinal).Order());
        Assert.Equal(Start.AddMinutes(-51), (await _relay.StateAsync()).Cursor);
    }

    [Fact]
    public async Task Cancelled_poll_loses_no_event()
    {
        var ids = AddBacklog();
        using var stop = new CancellationTokenSource();
        Account.Misbehave = async _ =>
        {
            if (Account.Requests.Count == 2)
            {
                await stop.CancelAsync();
            }

            return false;
        };
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _relay.PollAsync(stop.Token));
        await _relay.PollAsync();

        Assert.Equal(ids.Order(), _relay.Published().Order());
        Assert.Empty(await _relay.AuditLogAsync());
    }

    [Theory]
    [InlineData(400, "status")]
    [InlineData(401, "refused")]
    [InlineData(404, "unknown")]
    [InlineData(500, "unavailable")]
    public async Task Failure_is_audited_when_it_starts_and_when_it_ends(int status, string state)
    {
        Account.Refuse(status, $"no, {_relay.Account.ApiKey}");
        var began = Time.GetUtcNow();
        for (var polls = 0; polls < 5; polls++)
        {
            await _relay.PollAsync();
            Time.Advance(TimeSpan.FromMinutes(1));
        }

        var failed = Assert.Single(await _relay.AuditLogAsync());
        Assert.Equal(("relay.failed", began, "status", status), (failed.Type, failed.Timestamp, failed.Error!.Kind, failed.StatusCode));
        Assert.Equal(("no, ***", state), (failed.ResponseSnippet, (await _relay.StateAsync()).Failure!.State));
        Assert.EndsWith($"/subscribers/{_relay.Subscriber.Id}/api/v1/events", failed.Url, StringComparison.Ordinal);
        Assert.NotEmpty(failed.Error.Hint!);
        var health = await _relay.HealthAsync();
        Assert.Equal(
            ("failing", failed.Error, (DateTimeOffset?)null, (long?)null),
            (health.State, health.Error, health.LastSuccessfulPollAt, health.LagSeconds)
        );

        Account.Behave();
        var missed = Account.Add(Start.AddMinutes(1));
        for (var polls = 0; polls < 3; polls++)
        {
            await _relay.PollAsync();
        }

        Assert.Equal(["relay.failed", "relay.recovered"], await _relay.AuditTypesAsync());
        Assert.Equal([missed], _relay.Published());
        health = await _relay.HealthAsync();
        Assert.Equal(
            ("healthy", null, (DateTimeOffset?)Time.GetUtcNow(), (long?)0),
            (health.State, health.Error, health.LastSuccessfulPollAt, health.LagSeconds)
        );
    }

    [Fact]
    public async Task Failure_is_audited_again_when_its_state_changes()
    {
        foreach (var status in (int[])[500, 502, 503, 429, 401, 403, 401, 404, 404, 500])
        {
            Account.Refuse(status);
            await _relay.PollAsync();
            Time.Advance(TimeSpan.FromMinutes(1));
        }

        Assert.Equal([500, 401, 404, 500], (await _relay.AuditLogAsync()).Select(entry => entry.StatusCode!.Value));
    }

    [Fact]
    public async Task Response_that_is_not_JSON_is_audited_once_and_leaves_the_cursor()
    {
        Account.Add(Start.AddMinutes(-3));
        await _relay.PollAsync();
        var cursor = (await _relay.StateAsync()).Cursor;
        Account.Refuse(200, "<html>maintenance</html>");
        await _relay.PollAsync();
        await _relay.PollAsync();

        var entry = Assert.Single(await _relay.AuditLogAsync());
        Assert.Equal(("relay.failed", "malformed"), (entry.Type, entry.Error!.Kind));
        Assert.DoesNotContain("maintenance", entry.Error.Detail, StringComparison.Ordinal);
        Assert.Equal(cursor, (await _relay.StateAsync()).Cursor);
    }

    [Fact]
    public async Task Pages_before_a_failed_one_are_not_read_again()
    {
        var ids = AddBacklog();
        Account.Misbehave = context =>
        {
            context.Response.StatusCode = Account.Requests.Count == 1 ? 503 : 200;
            return Task.FromResult(context.Response.StatusCode == 503);
        };
        await _relay.PollAsync();

        Assert.Equal(ids[..100], _relay.Published());
        Assert.Equal(Start.AddMinutes(99 - 300), (await _relay.StateAsync()).Cursor);
        Account.Behave();
        await _relay.PollAsync();

        Assert.Equal(ids[100..], _relay.Published());
        Assert.Equal(250, _relay.Read());
    }

    [Fact]
    public async Task Failure_is_audited_by_the_next_poll_when_the_audit_log_failed()
    {
        Account.Refuse(401);
        _relay.Tables.Failure = (table, _) => table == TableNames.AuditLog ? new RequestFailedException(503, "busy") : null;
        await Assert.ThrowsAsync<RequestFailedException>(() => _relay.PollAsync());
        Assert.Equal("failing", (await _relay.HealthAsync()).State);
        _relay.Tables.Failure = (_, _) => null;
        Time.Advance(TimeSpan.FromMinutes(1));
        await _relay.PollAsync();
        await _relay.PollAsync();

        var entry = Assert.Single(await _relay.AuditLogAsync());
        Assert.Equal(("relay.failed", Start), (entry.Type, entry.Timestamp));
    }

    private void FailWritesOfCursors()
    {
        var calls = 0;

        // The first call reads the state.
        _relay.Tables.Failure = (table, _) =>
            table == TableNames.RelayCursors && ++calls > 1 ? new RequestFailedException(503, "busy") : null;
    }
}
