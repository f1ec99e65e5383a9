using System.Text;
using EventSubscriptions.Deliveries.Log;
using EventSubscriptions.Deliveries.Outcome;
using EventSubscriptions.Events;
using EventSubscriptions.Events.Archive;
using EventSubscriptions.Organizations;
using EventSubscriptions.Replays;
using EventSubscriptions.Storage;
using EventSubscriptions.Subscriptions;
using EventSubscriptions.Tests.Storage;

namespace EventSubscriptions.Tests.Replays;

public sealed class ReplaySearchTests : IAsyncLifetime
{
    private const int Events = 60;
    private const int Step = 7;

    private readonly TestClock _clock = new(new DateTimeOffset(2026, 1, 31, 10, 0, 0, TimeSpan.Zero));
    private readonly OrganizationId _organization = Given.Organization();
    private readonly List<string> _failed = [];
    private readonly List<string> _missed = [];
    private CountingTables _tables = null!;
    private Subscription _subscription = null!;
    private DateTimeOffset _start;
    private int _attempts;
    private int _mostRows;

    /// <summary>
    /// One event an hour. Every third fails, every third is missed, and every third arrives; some of those late, or once more much later.
    /// </summary>
    public async Task InitializeAsync()
    {
        _tables = new CountingTables(await new LocalStores().ConnectAsync());
        _start = _clock.GetUtcNow();
        _subscription = Given.Subscription(_organization, _clock, "Wanted");
        var archive = new EventArchive(_tables, Given.Protector);
        for (var n = 0; n < Events; n++)
        {
            var id = $"event-{n}";
            var at = _start.AddHours(n);
            await archive.AddAsync(
                _organization,
                Given.EventId(id),
                EventName.Parse("Wanted"),
                EventSource.Http,
                Encoding.UTF8.GetBytes("payload"),
                at,
                default
            );
            switch (n % 3)
            {
                case 0:
                    await AttemptAsync(id, at.AddSeconds(1), n % 2 == 0 ? DeliveryOutcome.Failed : DeliveryOutcome.Delivered);
                    await AttemptAsync(id, at.AddHours(Events), n % 2 == 0 ? DeliveryOutcome.Delivered : DeliveryOutcome.Failed);
                    (n % 2 == 0 ? [] : _failed).Add(id);
                    break;
                case 1:
                    await AttemptAsync(id, at.AddMinutes(-5), DeliveryOutcome.Throttled);
                    await AttemptAsync(id, at.AddHours(5), DeliveryOutcome.Skipped);
                    _failed.Add(id);
                    break;
                default:
                    _missed.Add(id);
                    break;
            }
        }

        _clock.SetUtcNow(_start.AddHours(3 * Events));
    }

    public Task DisposeAsync() => Task.CompletedTask;

    [Theory]
    [InlineData(1_000, true)]
    [InlineData(3, true)]
    [InlineData(1_000, false)]
    public async Task Events_are_found_when_the_search_continues_or_starts_over(int capacity, bool sameProcess)
    {
        Assert.Equal(_failed, await FindAsync(ReplaySelection.Failed, capacity, sameProcess));
        Assert.Equal(_missed, await FindAsync(ReplaySelection.Missed, capacity, sameProcess));
    }

    [Theory]
    [InlineData(1, 1_000, true)]
    [InlineData(5, 3, true)]
    [InlineData(5, 1_000, false)]
    [InlineData(5, 3, false)]
    public async Task Events_are_found_in_steps_that_read_few_rows(int stepRows, int capacity, bool sameProcess)
    {
        Assert.Equal(_failed, await FindAsync(ReplaySelection.Failed, capacity, sameProcess, stepRows: stepRows));
        Assert.Equal(_missed, await FindAsync(ReplaySelection.Missed, capacity, sameProcess, stepRows: stepRows, times: 2));
    }

    [Fact]
    public async Task Step_reads_no_more_of_the_log_than_it_may()
    {
        await FindAsync(ReplaySelection.Missed, 1_000, sameProcess: true, stepRows: 5);

        Assert.Equal(_attempts, _tables.RowsOf(TableNames.DeliveryLog));
        Assert.Equal(5, _mostRows);
    }

    [Fact]
    public async Task Repeated_step_finds_the_same_events()
    {
        Assert.Equal(_failed, await FindAsync(ReplaySelection.Failed, 1_000, sameProcess: true, times: 2));
        Assert.Equal(_missed, await FindAsync(ReplaySelection.Missed, 1_000, sameProcess: true, times: 3));
    }

    [Fact]
    public async Task Delivery_log_is_read_once_over_all_steps()
    {
        await FindAsync(ReplaySelection.Missed, 1_000, sameProcess: true);

        Assert.Equal(_attempts, _tables.RowsOf(TableNames.DeliveryLog));
    }

    /// <summary>All that a replay of everything finds, oldest first.</summary>
    private async Task<List<string>> FindAsync(ReplaySelection only, int capacity, bool sameProcess, int times = 1, int stepRows = 1_000)
    {
        var replay = new Replay
        {
            OrganizationId = _organization,
            SubscriptionId = _subscription.Id,
            Id = ReplayId.New(_clock),
            From = _start,
            To = _clock.GetUtcNow(),
            Only = only,
            DryRun = true,
            State = ReplayState.Counting,
            CreatedAt = _clock.GetUtcNow(),
            StartedBy = Given.Actor("somebody"),
        };
        List<string> found = [];
        var search = Search();
        string? after = null;
        var logRows = 0L;
        for (var step = 0; ; step++)
        {
            Assert.True(step < 1_000, $"No end: {after}, {logRows} rows, {found.Count} found.");
            ReplayFindings findings = null!;
            for (var time = 0; time < times; time++)
            {
                var before = _tables.RowsOf(TableNames.DeliveryLog);
                findings = await search.RunAsync(replay, _subscription, after, logRows, default);
                _mostRows = Math.Max(_mostRows, _tables.RowsOf(TableNames.DeliveryLog) - before);
            }

            found.AddRange(findings.Events.Select(pointer => pointer.Id.ToString()));
            if (findings.IsLast)
            {
                found.Reverse();
                return found;
            }

            (after, logRows) = (findings.Next, findings.LogRows);
            search = sameProcess ? search : Search();
        }

        ReplaySearch Search() =>
            new(new EventArchive(_tables, Given.Protector), new DeliveryLog(_tables), Given.EventTypes(_tables, new TestClock()))
            {
                Step = Step,
                Capacity = capacity,
                StepRows = stepRows,
            };
    }

    private Task AttemptAsync(string eventId, DateTimeOffset at, DeliveryOutcome outcome)
    {
        var attempt = new DeliveryAttempt
        {
            EventId = eventId,
            EventName = "Wanted",
            Attempt = ++_attempts,
            Run = "event",
            At = at,
            EndedAt = at,
            Outcome = outcome,
        };
        return new DeliveryLog(_tables).AppendAsync(_subscription.Id, attempt, hasWaited: false, default);
    }
}
