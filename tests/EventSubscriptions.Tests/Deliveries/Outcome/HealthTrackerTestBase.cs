using Azure.Data.Tables;
using EventSubscriptions.Audit;
using EventSubscriptions.Deliveries;
using EventSubscriptions.Deliveries.Outcome;
using EventSubscriptions.Destinations;
using EventSubscriptions.Events;
using EventSubscriptions.Organizations;
using EventSubscriptions.Queues;
using EventSubscriptions.Storage;
using EventSubscriptions.Subscriptions;
using EventSubscriptions.Tests.Events;
using EventSubscriptions.Tests.Storage;

namespace EventSubscriptions.Tests.Deliveries.Outcome;

public abstract class HealthTrackerTestBase(ITableStores stores) : IAsyncLifetime
{
    private static readonly DeliveryError s_error = new(ErrorKind.Status, "The receiver returned 500 Internal Server Error.");
    private protected static readonly DeliveryDecision s_delivered = new DeliveryDecision.Delivered();
    private protected static readonly DeliveryDecision s_failed = new DeliveryDecision.Retry(default, s_error);
    private protected static readonly DeliveryDecision s_deadLetter = new DeliveryDecision.DeadLetter(
        DeadLetterReason.RetriesExhausted,
        "Why.",
        s_error
    );
    private protected static readonly DeliveryDecision.Gone s_gone = new DeliveryDecision.Gone(
        new(ErrorKind.Status, "The receiver returned 410 Gone.")
    );

    private protected readonly TestClock _clock = new(new DateTimeOffset(2026, 1, 31, 10, 0, 0, TimeSpan.Zero));
    private protected readonly OrganizationId _organization = Given.Organization();
    private protected TableServiceClient _tables = null!;
    private protected SubscriptionStore _store = null!;
    private protected SubscriptionHealthStore _healths = null!;
    private protected readonly RecordingLogger<HealthTracker> _log = new();
    private protected readonly RecordingOperationalEvents _published = new();
    private protected DeliveriesOptions _options = new();
    private protected HealthTracker _app = null!;
    private protected Subscription _subscription = null!;

    public async Task InitializeAsync()
    {
        _tables = await stores.ConnectAsync();
        _store = Given.SubscriptionStore(_tables, _clock);
        _healths = new SubscriptionHealthStore(_tables);
        _app = NewInstance();
        var subscription = Given.Subscription(_organization, _clock);
        _subscription = await _store.AddAsync(subscription, Given.Entry(subscription, AuditType.SubscriptionCreated), default);
    }

    public Task DisposeAsync() => Task.CompletedTask;

    private protected Task TrackAsync(DeliveryDecision decision, HealthTracker? instance = null, string eventName = "CaseCreatedEvent") =>
        (instance ?? _app).TrackAsync(_subscription, Attempt(decision, eventName), default);

    private protected TrackedAttempt Attempt(DeliveryDecision decision, string eventName = "CaseCreatedEvent") =>
        new(EventName.Parse(eventName), decision, _clock.GetUtcNow(), StatusCode: 500);

    private protected HealthTracker NewInstance() => NewInstance(new HealthEntries(_healths, _clock));

    private protected HealthTracker NewInstance(HealthEntries entries)
    {
        var editor = new SubscriptionEditor(_store, new SubscriptionCache(_store, _clock), Given.Rules(), _clock);
        var reporter = new HealthReporter(_healths, _published, _options);
        return new HealthTracker(entries, _healths, editor, reporter, new ShortRetry(_clock), _options, _clock, _log);
    }

    private protected Task<SubscriptionHealth> HealthAsync() => _healths.GetAsync(_organization, _subscription.Id, default);

    private protected async Task<(DateTimeOffset? Since, int Failures)> FailingAsync()
    {
        var health = await HealthAsync();
        return (health.FailingSince, health.Failures);
    }
}
