using EventSubscriptions.Relay;
using EventSubscriptions.Tests.Scenarios.Harness;
using Microsoft.AspNetCore.Http;

namespace EventSubscriptions.Tests.Relay;

/// <summary>Polls of a Relay that caps, reorders or refuses pages.</summary>
public sealed class RelayPollerLimitTests : RelayPollerTestBase
{
    [Fact]
    public async Task Page_size_grows_when_many_events_have_the_same_timestamp()
    {
        var expected = new[] { Account.Add(Start.AddHours(-3)) }
            .Concat(Account.Add(Start.AddHours(-2), 2_500))
            .Append(Account.Add(Start.AddHours(-1)))
            .ToHashSet();

        await _relay.PollAsync();
        await _relay.PollAsync();

        Assert.Equal(expected, _relay.Published().ToHashSet());
        Assert.Equal(2_502, _relay.Read());
        Assert.Empty(await _relay.AuditLogAsync());
    }

    [Fact]
    public async Task Timestamp_is_skipped_and_audited_once_when_Relay_lists_only_part_of_its_events()
    {
        Account.Cap = 100;
        Account.Add(Start.AddMinutes(-3), 250);
        var after = Account.Add(Start.AddMinutes(-2));

        await _relay.PollAsync();
        await _relay.PollAsync();
        var later = Account.Add(Start.AddMinutes(-1));
        await _relay.PollAsync();

        var published = _relay.Published();
        Assert.Equal(102, published.Count);
        Assert.Contains(after, published);
        Assert.Contains(later, published);
        var entry = Assert.Single(await _relay.AuditLogAsync());
        Assert.Equal(("relay.gap", "moment"), (entry.Type, entry.Error!.Kind));
        Assert.Contains("2026-01-31 09:57:00.000000Z", entry.Error.Detail, StringComparison.Ordinal);
        Assert.NotEmpty(entry.Error.Hint!);
    }

    [Theory]
    [InlineData(30)]
    [InlineData(100)]
    [InlineData(1_000)]
    public async Task All_events_are_read_when_Relay_caps_its_pages(int cap)
    {
        Account.Cap = cap;
        var expected = Enumerable.Range(0, 250).Select(n => Account.Add(Start.AddSeconds(n - 300))).ToList();

        await _relay.PollAsync();
        Assert.Equal(expected, _relay.Published());
        var added = Account.Add(Start.AddSeconds(-20));
        await _relay.PollAsync();

        Assert.Equal([added], _relay.Published());
        Assert.Equal(251, _relay.Read());
        Assert.Empty(await _relay.AuditLogAsync());
    }

    [Theory]
    [InlineData(nameof(RelayOrder.Shuffled))]
    [InlineData(nameof(RelayOrder.NewestFirst))]
    public async Task All_events_are_read_and_audited_once_when_pages_are_unordered(string order)
    {
        Account.Order = Enum.Parse<RelayOrder>(order);
        var expected = Enumerable.Range(0, 730).Select(n => Account.Add(Start.AddHours(-150).AddMinutes(n))).ToHashSet();

        await _relay.PollAsync();
        expected.Add(Account.Add(Start.AddMinutes(-20)));
        await _relay.PollAsync();

        Assert.Equal(expected, _relay.Published().ToHashSet());
        Assert.Equal(731, _relay.Read());
        Assert.Equal("order", Assert.Single(await _relay.AuditLogAsync()).Error!.Kind);
    }

    [Fact]
    public async Task Unordered_capped_pages_are_audited_again_only_after_they_were_in_order()
    {
        (Account.Order, Account.Cap) = (RelayOrder.NewestFirst, 100);
        for (var n = 0; n < 300; n++)
        {
            Account.Add(Start.AddSeconds(n - 300));
        }

        await _relay.PollAsync();
        await _relay.PollAsync();
        var entry = Assert.Single(await _relay.AuditLogAsync());
        Assert.Equal(("relay.gap", "order"), (entry.Type, entry.Error!.Kind));

        (Account.Order, Account.Cap) = (RelayOrder.OldestFirst, int.MaxValue);
        await _relay.PollAsync();
        Assert.Equal(300, _relay.Read());
        (Account.Order, Account.Cap) = (RelayOrder.NewestFirst, 100);
        await _relay.PollAsync();

        Assert.Equal(2, (await _relay.AuditLogAsync()).Count);
    }

    [Fact]
    public async Task Events_are_published_once_when_Relay_ignores_the_requested_time()
    {
        Account.Precision = TimeSpan.FromDays(10_000);
        Account.Add(Start.AddHours(-5), 10);
        Account.Add(Start.AddHours(-1), 10);
        await _relay.PollAsync();
        Time.Advance(TimeSpan.FromHours(2));
        Account.Add(Start.AddHours(1));

        await _relay.PollAsync();
        await _relay.PollAsync();

        Assert.Equal(21, _relay.Read());
    }

    [Fact]
    public async Task Page_size_shrinks_when_a_response_exceeds_16_MiB()
    {
        for (var n = 0; n < 120; n++)
        {
            var large = RelaySamples.Event($"large-{n}", Start.AddMinutes(n - 130));
            large["padding"] = new string('x', 200 * 1024);
            Account.Add(Start.AddMinutes(n - 130), large);
        }

        await _relay.PollAsync();

        Assert.Equal(120, _relay.Published().Count);
        Assert.Equal("healthy", (await _relay.HealthAsync()).State);
        Assert.Equal(50, Account.Requests[^1].Limit);
    }

    [Fact]
    public async Task Pages_of_the_newest_events_are_audited_once_when_they_look_complete()
    {
        (Account.Order, Account.Cap) = (RelayOrder.NewestFirst, 300);
        for (var n = 0; n < 1_000; n++)
        {
            Account.Add(Start.AddMinutes(n - 1_200));
        }

        await _relay.PollAsync();
        await _relay.PollAsync();

        Assert.Equal(300, _relay.Read());
        var entry = Assert.Single(await _relay.AuditLogAsync());
        Assert.Equal(("relay.gap", "order"), (entry.Type, entry.Error!.Kind));
    }

    [Fact]
    public async Task Unordered_pages_are_audited_once_while_no_page_is_in_order()
    {
        Account.Order = RelayOrder.NewestFirst;
        for (var polls = 0; polls < 6; polls++)
        {
            for (var n = 0; n < (polls % 3 == 0 ? 150 : 3); n++)
            {
                Account.Add(Time.GetUtcNow().AddMilliseconds(n));
            }

            Time.Advance(TimeSpan.FromMinutes(10));
            await _relay.PollAsync();
        }

        Assert.Equal(2 * (150 + 3 + 3), _relay.Read());
        Assert.Single(await _relay.AuditLogAsync());
    }

    [Theory]
    [InlineData(StatusCodes.Status400BadRequest)]
    [InlineData(StatusCodes.Status413PayloadTooLarge)]
    [InlineData(StatusCodes.Status422UnprocessableEntity)]
    public async Task Timestamp_is_skipped_when_Relay_refuses_a_larger_page(int status) =>
        await TimestampIsSkipped(context =>
        {
            context.Response.StatusCode = status;
            return Task.CompletedTask;
        });

    [Fact]
    public async Task Timestamp_is_skipped_when_a_larger_page_times_out() =>
        await TimestampIsSkipped(async context =>
        {
            var aborted = new TaskCompletionSource();
            using var registration = context.RequestAborted.Register(aborted.SetResult);
            Time.Advance(RelayClient.Deadline);
            await aborted.Task;
        });

    /// <summary>A moment that Relay would need a larger page for than it gives.</summary>
    private async Task TimestampIsSkipped(Func<HttpContext, Task> refuse)
    {
        Account.Misbehave = async context =>
        {
            if (context.Request.Query["limit"] == "100")
            {
                return false;
            }

            await refuse(context);
            return true;
        };
        Account.Add(Start.AddMinutes(-3), 150);
        var after = Account.Add(Start.AddMinutes(-2));

        await _relay.PollAsync();
        await _relay.PollAsync();

        var published = _relay.Published();
        Assert.Equal(101, published.Count);
        Assert.Contains(after, published);
        Assert.Equal(["relay.gap"], await _relay.AuditTypesAsync());
        Assert.Equal("healthy", (await _relay.HealthAsync()).State);
    }
}
