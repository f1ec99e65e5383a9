using EventSubscriptions.Relay;
using EventSubscriptions.Tests.Scenarios.Harness;
using Microsoft.AspNetCore.Http;

namespace EventSubscriptions.Tests.Relay;

/// <summary>What is read from a Relay that shows less at once than it has.</summary>
public sealed class RelayPollerLimitTests : IAsyncLifetime
{
    private RelayFixture _relay = null!;

    private RelayAccount Account => _relay.Account;

    private TestClock Time => _relay.Time;

    private DateTimeOffset Start => _relay.Start;

    public async Task InitializeAsync() => _relay = await RelayFixture.StartAsync();

    public async Task DisposeAsync() => await _relay.DisposeAsync();

    [Fact]
    public async Task Many_events_of_one_moment_are_read_by_larger_pages()
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
    public async Task Moment_of_which_Relay_shows_a_part_only_is_stepped_past_and_audited_once()
    {
        Account.Cap = 100;
        Account.Add(Start.AddMinutes(-3), 250);
        var behind = Account.Add(Start.AddMinutes(-2));

        await _relay.PollAsync();
        await _relay.PollAsync();
        var later = Account.Add(Start.AddMinutes(-1));
        await _relay.PollAsync();

        var published = _relay.Published();
        Assert.Equal(102, published.Count);
        Assert.Contains(behind, published);
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
    public async Task Relay_that_caps_its_answers_is_read_to_the_end(int cap)
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
    public async Task Relay_that_answers_in_no_order_is_read_to_the_end_and_audited_once(string order)
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
    public async Task Relay_that_answers_in_no_order_and_caps_its_answers_is_audited_once_until_that_has_ended()
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
    public async Task Relay_that_ignores_the_time_it_is_asked_for_brings_nothing_twice()
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
    public async Task Answers_of_more_than_16_MiB_are_asked_for_in_smaller_pages()
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
        Assert.Equal(50, Account.Questions[^1].Limit);
    }

    [Fact]
    public async Task Relay_that_shows_the_newest_of_what_it_has_is_audited_once_where_its_answers_look_whole()
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
    public async Task Relay_that_answers_in_no_order_is_not_audited_again_while_nothing_has_been_in_order()
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
    public async Task Limit_that_Relay_refuses_is_not_asked_for_again_and_the_moment_is_stepped_past(int status) =>
        await MomentIsSteppedPast(context =>
        {
            context.Response.StatusCode = status;
            return Task.CompletedTask;
        });

    [Fact]
    public async Task Limit_that_Relay_can_not_answer_in_time_is_not_asked_for_again_and_the_moment_is_stepped_past() =>
        await MomentIsSteppedPast(async context =>
        {
            var aborted = new TaskCompletionSource();
            using var registration = context.RequestAborted.Register(aborted.SetResult);
            Time.Advance(RelayClient.Deadline);
            await aborted.Task;
        });

    /// <summary>A moment that Relay would need a larger page for than it gives.</summary>
    private async Task MomentIsSteppedPast(Func<HttpContext, Task> refuse)
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
        var behind = Account.Add(Start.AddMinutes(-2));

        await _relay.PollAsync();
        await _relay.PollAsync();

        var published = _relay.Published();
        Assert.Equal(101, published.Count);
        Assert.Contains(behind, published);
        Assert.Equal(["relay.gap"], await _relay.AuditTypesAsync());
        Assert.Equal("healthy", (await _relay.HealthAsync()).State);
    }
}
