using System.Text.Json;
using Azure.Data.Tables;
using EventSubscriptions.Audit;
using EventSubscriptions.Deliveries;
using EventSubscriptions.Deliveries.Outcome;
using EventSubscriptions.Events;
using EventSubscriptions.Organizations;
using EventSubscriptions.Storage;
using EventSubscriptions.Subscriptions;
using EventSubscriptions.Tests.Events;
using EventSubscriptions.Tests.Storage;
using Microsoft.Extensions.Logging.Abstractions;

namespace EventSubscriptions.Tests.Deliveries.Outcome;

public sealed class DeadLetterReportOnAzuriteTests() : DeadLetterReportTests(new AzuriteStores());

public sealed class DeadLetterReportOnLocalStoresTests() : DeadLetterReportTests(new LocalStores());

public abstract class DeadLetterReportTests(ITableStores stores) : IAsyncLifetime
{
    private readonly TestClock _clock = new(new DateTimeOffset(2026, 1, 31, 10, 0, 0, TimeSpan.Zero));
    private readonly OrganizationId _organization = Given.Organization();
    private readonly RecordingOperationalEvents _published = new();
    private TableServiceClient _tables = null!;
    private SubscriptionHealthStore _healths = null!;
    private SubscriptionStore _store = null!;
    private Subscription _subscription = null!;
    private DeadLetterReports _app = null!;

    public async Task InitializeAsync()
    {
        _tables = await stores.ConnectAsync();
        _healths = new SubscriptionHealthStore(_tables);
        _store = Given.SubscriptionStore(_tables, _clock);
        var subscription = Given.Subscription(_organization, _clock);
        _subscription = await _store.AddAsync(subscription, Given.Entry(subscription, AuditType.SubscriptionCreated), default);
        _app = NewInstance();
    }

    public Task DisposeAsync() => Task.CompletedTask;

    [Fact]
    public async Task First_dead_letter_is_reported_at_once()
    {
        await CountAsync();

        Assert.Equal($"sys_{_subscription.Id}_{_clock.GetUtcNow().ToUnixTimeMilliseconds()}_deadLettered", _published.All[0].Id.ToString());
        Assert.Equal(
            $$"""
            {"subscriptionId":"{{_subscription.Id}}","subscriptionName":"name","url":"https://example.com/hook?code=***","count":1,"eventId":"evt_1","eventName":"CaseCreatedEvent","attempt":10,"reason":"RetriesExhausted","detail":"Why.","hint":"What to do."}
            """,
            _published.LastData.GetRawText()
        );
        Assert.False((await HealthAsync()).IsFailing);
    }

    [Fact]
    public async Task Dead_letters_are_reported_once_a_minute_with_their_count()
    {
        for (var i = 0; i < 150; i++)
        {
            await CountAsync();
            _clock.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.Equal([1, 60, 60], Counts());
        Assert.Equal(29, (await HealthAsync()).DeadLetters);
    }

    [Fact]
    public async Task Review_reports_the_rest_after_the_minute()
    {
        await CountAsync();
        await CountAsync();
        await CountAsync();
        await _app.ReviewAsync(default);
        Assert.Equal([1], Counts());
        _clock.Advance(DeadLetterReports.Interval);

        await _app.ReviewAsync(default);
        _clock.Advance(DeadLetterReports.Interval);
        await _app.ReviewAsync(default);

        Assert.Equal([1, 2], Counts());
        Assert.Equal(0, (await HealthAsync()).DeadLetters);
    }

    [Fact]
    public async Task Instances_count_together()
    {
        var other = NewInstance();
        await CountAsync();
        await Task.WhenAll(Enumerable.Range(0, 40).Select(i => Task.Run(() => CountAsync(i % 2 == 0 ? _app : other))));
        Assert.Equal(40, (await HealthAsync()).DeadLetters);
        _clock.Advance(DeadLetterReports.Interval);

        await other.ReviewAsync(default);
        await _app.ReviewAsync(default);

        Assert.Equal([1, 40], Counts());
    }

    [Fact]
    public async Task Report_is_published_by_a_review_when_it_could_not_be_published()
    {
        _published.IsDown = true;
        await CountAsync();
        await CountAsync();
        _published.IsDown = false;

        await _app.ReviewAsync(default);
        _clock.Advance(DeadLetterReports.Interval);
        await _app.ReviewAsync(default);

        Assert.Equal([1, 1], Counts());
        Assert.Null((await HealthAsync()).Outbox);
    }

    [Theory]
    [InlineData("DeliveryDeadLetteredEvent")]
    [InlineData("RelayPollFailingEvent")]
    public async Task Dead_letter_of_an_operational_event_is_not_reported(string eventName)
    {
        await CountAsync(eventName: eventName);

        Assert.Empty(_published.All);
        Assert.Equal(SubscriptionHealth.Healthy, await HealthAsync());
    }

    [Fact]
    public async Task Count_survives_the_recovery_of_the_subscription()
    {
        await CountAsync();
        await CountAsync();
        var health = await HealthAsync();

        await _healths.TryWriteAsync(_organization, _subscription.Id, health.Failed(_clock.GetUtcNow()).Recovered(), default);

        Assert.Equal((1, _clock.GetUtcNow()), ((await HealthAsync()).DeadLetters, (await HealthAsync()).DeadLettersReportedAt));
    }

    private IEnumerable<int> Counts() => _published.All.Select(item => Data(item).GetProperty("count").GetInt32());

    private static JsonElement Data(OperationalEvent item) => EventPayload.Parse(item.Payload).GetProperty("data");

    private Task CountAsync(DeadLetterReports? instance = null, string eventName = "CaseCreatedEvent") =>
        (instance ?? _app).CountAsync(
            _subscription,
            new DeadLetteredDelivery(
                Given.EventId("evt_1"),
                EventName.Parse(eventName),
                Attempt: 10,
                new AuditError("RetriesExhausted", "Why.", "What to do.")
            ),
            default
        );

    private Task<SubscriptionHealth> HealthAsync() => _healths.GetAsync(_organization, _subscription.Id, default);

    private DeadLetterReports NewInstance() =>
        new(
            _healths,
            new SubscriptionCache(_store, _clock),
            new HealthReporter(_healths, _published, new DeliveriesOptions()),
            new ShortRetry(_clock),
            _clock,
            NullLogger<DeadLetterReports>.Instance
        );
}
