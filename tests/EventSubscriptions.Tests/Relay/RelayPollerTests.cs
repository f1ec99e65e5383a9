using EventSubscriptions.Tests.Scenarios.Harness;

namespace EventSubscriptions.Tests.Relay;

/// <summary>What a poll reads and publishes when Relay, queue and tables work.</summary>
public sealed class RelayPollerTests : RelayPollerTestBase
{
    [Fact]
    public async Task First_poll_reads_the_last_seven_days_page_by_page()
    {
        Account.Add(Start.AddDays(-7).AddSeconds(-1));
        var expected = Enumerable.Range(0, 1_000).Select(n => Account.Add(Start.AddDays(-7).AddMinutes(n * 10))).ToList();

        await _relay.PollAsync();

        Assert.Equal(expected, _relay.Published());
        Assert.Equal(new RelayRequest(Start.AddDays(-7), 100), Account.Requests[0]);
    }

    [Fact]
    public async Task Event_is_queued_in_the_format_of_the_catalogue_with_its_source()
    {
        Account.Add(Start.AddMinutes(-1), RelaySamples.Event("relay-1", Start.AddMinutes(-1)));

        await _relay.PollAsync();

        var message = await _relay.ReceiveOneAsync();
        Assert.Equal($"{_relay.Subscriber.OrganizationId}.relay-1", message.MessageId);
        Assert.Equal("relay", message.ApplicationProperties["source"]);
        Assert.StartsWith(
            $$"""{"eventName":"RelayAlertStartedEvent","organizationId":{{_relay.Subscriber.OrganizationId}},"data":{"relayEventId":"relay-1",""",
            message.Body.ToString(),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task Later_polls_start_an_overlap_before_the_newest_event_and_publish_new_events()
    {
        Account.Add(Start.AddMinutes(-20));
        Account.Add(Start.AddMinutes(-10));
        await _relay.PollAsync();
        _relay.Published();
        var before = Account.Requests.Count;
        var added = Account.Add(Start.AddMinutes(-5));

        await _relay.PollAsync();

        Assert.Equal([added], _relay.Published());
        Assert.Equal(Start.AddMinutes(-15), Account.Requests[before].Oldest);
        Assert.Equal(3, _relay.Read());
    }

    [Fact]
    public async Task Event_is_published_when_it_appears_late_with_an_older_timestamp()
    {
        Account.Add(Start.AddMinutes(-10));
        await _relay.PollAsync();
        _relay.Published();
        var late = Account.Add(Start.AddMinutes(-14));

        await _relay.PollAsync();

        Assert.Equal([late], _relay.Published());
        Assert.Equal(Start.AddMinutes(-10), (await _relay.StateAsync()).Cursor);
    }

    [Fact]
    public async Task Events_are_not_published_again_when_there_are_no_new_ones_for_days()
    {
        Account.Add(Start.AddMinutes(-10), 3);
        Account.Add(Start.AddMinutes(-9));
        for (var hours = 0; hours < 100; hours += 7)
        {
            await _relay.PollAsync();
            Time.Advance(TimeSpan.FromHours(7));
        }

        Assert.Equal(4, _relay.Read());
        Assert.Equal(4, await _relay.SeenAsync());
        Assert.Equal(Start.AddMinutes(-9), (await _relay.StateAsync()).Cursor);
        Assert.Equal("healthy", (await _relay.HealthAsync()).State);
    }

    [Fact]
    public async Task Event_with_a_future_timestamp_is_published_once_and_does_not_hide_current_ones()
    {
        var future = Account.Add(Start.AddDays(2));
        await _relay.PollAsync();
        Assert.Equal([future], _relay.Published());
        Assert.Equal(Start, (await _relay.StateAsync()).Cursor);

        for (var hours = 1; hours <= 60; hours += 2)
        {
            Time.SetUtcNow(Start.AddHours(hours));
            var present = Account.Add(Time.GetUtcNow().AddSeconds(-1));
            await _relay.PollAsync();
            Assert.Equal([present], _relay.Published());
            Assert.True((await _relay.StateAsync()).Cursor <= Time.GetUtcNow());
        }

        Assert.Equal(1 + 30, _relay.Read());
    }

    [Fact]
    public async Task Seen_events_are_deleted_when_they_are_older_than_the_overlap()
    {
        Account.Add(Start.AddMinutes(-30), 150);
        await _relay.PollAsync();
        Assert.Equal(150, await _relay.SeenAsync());

        Account.Add(Start.AddMinutes(-25), 2);
        await _relay.PollAsync();
        Assert.Equal(152, await _relay.SeenAsync());

        Account.Add(Start.AddMinutes(-20).AddMilliseconds(-1), 3);
        await _relay.PollAsync();
        Assert.Equal(5, await _relay.SeenAsync());
        Assert.Equal(155, _relay.Read());
    }

    [Fact]
    public async Task Seen_events_are_deleted_while_a_backlog_is_read()
    {
        var most = 0;
        for (var n = 0; n < 3_000; n++)
        {
            Account.Add(Start.AddDays(-7).AddSeconds(n * 3));
        }

        Account.Misbehave = async _ =>
        {
            most = Math.Max(most, await _relay.SeenAsync());
            return false;
        };
        await _relay.PollAsync();

        Assert.Equal(3_000, _relay.Read());
        Assert.InRange(most, 1_000, 1_000 + 100 + 100);
        Assert.Equal(101, await _relay.SeenAsync());
    }

    [Fact]
    public async Task Events_without_a_timestamp_or_an_id_are_published_once()
    {
        var at = Start.AddMinutes(-2);
        Account.Add(at, System.Text.Json.Nodes.JsonNode.Parse("""{"id":"timeless","content":"x"}""")!);
        Account.Add(at, System.Text.Json.Nodes.JsonNode.Parse("""{"content":"no id"}""")!);
        Account.Add(at, System.Text.Json.Nodes.JsonValue.Create("no event"));
        Account.Add(Start.AddMinutes(-1));

        await _relay.PollAsync();
        await _relay.PollAsync();

        var published = _relay.Published();
        Assert.Equal(4, published.Count);
        Assert.Contains("timeless", published);
        Assert.Equal(4, _relay.Read());
    }

    [Fact]
    public async Task Event_that_is_too_large_is_audited_once_and_does_not_block_others()
    {
        var large = RelaySamples.Event("large", Start.AddMinutes(-3));
        large["content"] = new string('x', 300 * 1024);
        Account.Add(Start.AddMinutes(-3), large);
        var next = Account.Add(Start.AddMinutes(-2));

        await _relay.PollAsync();
        await _relay.PollAsync();

        Assert.Equal([next], _relay.Published());
        var entry = Assert.Single(await _relay.AuditLogAsync());
        Assert.Equal(
            ("event.deadLettered", "PayloadTooLarge", "large", "RelayEventReceivedEvent"),
            (entry.Type, entry.Error!.Kind, entry.EventId, entry.EventName)
        );
    }

    [Theory]
    [InlineData(null)]
    [InlineData("0001-01-01T00:00:00Z")]
    [InlineData("1970-01-01T00:00:00Z")]
    public async Task Event_without_a_valid_timestamp_is_published_once_while_Relay_lists_it(string? timestamp)
    {
        var timeless = RelaySamples.Event("timeless", Start);
        timeless["timestamp"] = timestamp;
        Account.Add(DateTimeOffset.MaxValue, timeless);
        for (var hours = 0; hours < 5; hours++)
        {
            Account.Add(Time.GetUtcNow().AddMinutes(-1));
            await _relay.PollAsync();
            Time.Advance(TimeSpan.FromHours(1));
        }

        Assert.Equal(1 + 5, _relay.Read());
        Assert.Contains("timeless", _relay.Published());
    }
}
