using System.Text;
using Azure;
using Azure.Messaging.ServiceBus;
using EventSubscriptions.Audit;
using EventSubscriptions.Deliveries;
using EventSubscriptions.Deliveries.Log;
using EventSubscriptions.Deliveries.Outcome;
using EventSubscriptions.Deliveries.Sending;
using EventSubscriptions.Deliveries.Throttling;
using EventSubscriptions.Destinations;
using EventSubscriptions.Events;
using EventSubscriptions.Events.Archive;
using EventSubscriptions.Http;
using EventSubscriptions.Organizations;
using EventSubscriptions.Queues;
using EventSubscriptions.Secrets;
using EventSubscriptions.Storage;
using EventSubscriptions.Subscriptions;
using EventSubscriptions.Tests.Deliveries.Sending;
using EventSubscriptions.Tests.Storage;
using EventSubscriptions.Tests.Telemetry;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace EventSubscriptions.Tests.Deliveries;

public sealed class DeliverFunctionTests : IAsyncLifetime, IDisposable
{
    private const string Payload = """{"eventName":"CaseCreatedEvent","organizationId":1,"data":{}}""";
    private const string ReadHealth = "read subscriptions";
    private const string WriteHealth = "write subscriptions";
    private const string ReadRest = "read subscriptions";
    private const string Gone = "HTTP/1.1 410 Gone\r\nContent-Length: 0\r\n\r\n";
    private static readonly string[] s_readsFirst = ["read subscriptions", ReadRest];

    private readonly TestClock _clock = new(new DateTimeOffset(2026, 1, 31, 10, 0, 0, TimeSpan.Zero));
    private readonly OrganizationId _organization = Given.Organization();
    private readonly Steps _steps = new();
    private readonly RecordingSender _queue;
    private readonly RecordingActions _actions;
    private ServiceBusSender? _sender;
    private readonly RawReceiver _receiver;
    private readonly ServiceProvider _sending;
    private readonly MetricsRecorder _metrics = MetricsRecorder.Start();
    private readonly TraceRecorder _traces = TraceRecorder.Start();
    private string _answer = RawReceiver.Ok("thanks");
    private bool _insecure = true;
    private Func<Task> _beforeAnswer = () => Task.CompletedTask;
    private SubscriptionCache? _kept;
    private Azure.Data.Tables.TableServiceClient _tables = null!;
    private Subscription _subscription = null!;

    public DeliverFunctionTests()
    {
        _queue = new RecordingSender(_steps);
        _actions = new RecordingActions(_steps);
        _receiver = new RawReceiver(
            async (stream, cancellationToken) =>
            {
                _steps.Take("POST");
                await _beforeAnswer();
                await stream.WriteAsync(Encoding.ASCII.GetBytes(_answer), cancellationToken);
            }
        );
        _sending = new ServiceCollection()
            .AddSingleton(TimeProvider.System)
            .AddDestinations()
            .AddSingleton(_ => new DestinationOptions { AllowInsecureDestinations = _insecure })
            .AddSingleton(new DeliveriesOptions { Deadline = TimeSpan.FromSeconds(60) })
            .AddWebhookSender()
            .BuildServiceProvider();
    }

    public async Task InitializeAsync()
    {
        _tables = await new LocalStores().ConnectAsync();
        _subscription = Given.Subscription(_organization, _clock) with { Url = _receiver.Url };
    }

    public async Task DisposeAsync() => await _receiver.DisposeAsync();

    public void Dispose()
    {
        _sending.Dispose();
        _metrics.Dispose();
        _traces.Dispose();
    }

    [Fact]
    public async Task Delivery_is_logged_before_its_message_is_completed()
    {
        await RunAsync(Delivery());

        Assert.Equal([.. s_readsFirst, "POST"], _steps.Taken.Take(3));
        Assert.Equal([ReadHealth, "transaction deliverylog"], _steps.Taken.Skip(3).Take(2).Order());
        Assert.Equal(["complete"], _steps.Taken.Skip(5));
        Assert.Equal(Payload, Assert.Single(_receiver.Requests).Body);
        var attempt = Assert.Single(await AttemptsAsync());
        Assert.Equal(
            (DeliveryOutcome.Delivered, 200, "thanks", 1),
            (attempt.Outcome, attempt.StatusCode, attempt.ResponseSnippet, attempt.Attempt)
        );
        Assert.Null(attempt.Error);
        Assert.Empty(await EntriesAsync());
    }

    [Fact]
    public async Task Next_attempt_is_queued_before_the_message_is_completed_when_the_receiver_fails()
    {
        _answer = "HTTP/1.1 500 Oh\r\nContent-Length: 4\r\n\r\noops";

        await RunAsync(Delivery());

        Assert.Equal([.. s_readsFirst, "POST", ReadHealth], _steps.Taken.Take(4));
        Assert.Equal(["transaction deliverylog", "write auditlog", WriteHealth], _steps.Taken.Skip(4).Take(3).Order());
        Assert.Equal(["schedule", "complete"], _steps.Taken.Skip(7));
        var (message, at) = Assert.Single(_queue.Scheduled);
        var next = Parse(message);
        Assert.Equal((2, 0, DeliveryRun.Event), (next.Attempt, next.Postponements, next.Run));
        Assert.NotNull(next.FirstAttemptAt);
        Assert.Empty(message.Body.ToArray());
        Assert.InRange(at - _clock.GetUtcNow(), TimeSpan.FromSeconds(48), TimeSpan.FromSeconds(72));
        Assert.Equal(at, Assert.Single(await AttemptsAsync()).NextAttemptAt);
    }

    [Fact]
    public async Task Failure_is_audited_with_what_a_person_needs()
    {
        _answer = "HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\noops";

        await RunAsync(Delivery());

        var entry = Assert.Single(await EntriesAsync());
        Assert.Equal("delivery.failed", entry.Type);
        Assert.Equal(_subscription.Id.ToString(), entry.SubscriptionId);
        Assert.Equal(DisplayUrl.Of(_receiver.Url), entry.Url);
        Assert.Equal(
            ("evt_1", "CaseCreatedEvent", 1, 404, "oops"),
            (entry.EventId, entry.EventName, entry.Attempt, entry.StatusCode, entry.ResponseSnippet)
        );
        Assert.Equal(
            new AuditError("status", "The receiver returned 404 Not Found.", "The path does not exist: check the subscription's URL."),
            entry.Error
        );
        Assert.NotNull(entry.DurationMs);
    }

    [Fact]
    public async Task Subscription_is_deactivated_before_the_message_is_completed_when_the_receiver_is_gone()
    {
        _answer = "HTTP/1.1 410 Gone\r\nContent-Length: 0\r\n\r\n";

        await RunAsync(Delivery());

        Assert.Contains("transaction subscriptions", _steps.Taken);
        Assert.Equal("complete", _steps.Taken[^1]);
        Assert.Empty(_queue.Scheduled);
        Assert.False((await Given.SubscriptionStore(_tables, _clock).GetAsync(_organization, _subscription.Id, default))!.IsActive);
        var attempt = Assert.Single(await AttemptsAsync());
        Assert.Equal((DeliveryOutcome.Gone, 410), (attempt.Outcome, attempt.StatusCode));
        Assert.Null(attempt.NextAttemptAt);
        Assert.Equal(410, Assert.Single(await EntriesAsync()).StatusCode);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Event_is_sent_again_at_once_when_the_receiver_that_is_gone_is_no_longer_the_subscriptions_own(bool changesUrl)
    {
        _answer = Gone;
        _beforeAnswer = () =>
            ChangeAsync(stored =>
                changesUrl ? stored with { Url = new Uri("http://new.example/") } : stored with { Token = new Secret("another-token") }
            );

        await RunAsync(Delivery());

        Assert.True((await StoredAsync()).IsActive);
        var (message, at) = Assert.Single(_queue.Scheduled);
        Assert.Equal((2, true), (Parse(message).Attempt, Parse(message).NeedsStored));
        Assert.Equal(_clock.GetUtcNow(), at);
        Assert.Equal("complete", _steps.Taken[^1]);
        var attempt = Assert.Single(await AttemptsAsync());
        Assert.Equal((DeliveryOutcome.Failed, 410, at), (attempt.Outcome, attempt.StatusCode, attempt.NextAttemptAt));
        Assert.Contains("before it was changed", Assert.Single(await EntriesAsync()).Error?.Detail, StringComparison.Ordinal);
        Assert.DoesNotContain(WriteHealth, _steps.Taken);
    }

    [Fact]
    public async Task Delivery_is_given_up_when_its_last_attempt_went_to_a_receiver_that_is_gone_and_no_longer_the_subscriptions_own()
    {
        _answer = Gone;
        _beforeAnswer = () => ChangeAsync(stored => stored with { Url = new Uri("http://new.example/") });

        await RunAsync(Delivery() with { Attempt = 3 });

        Assert.Equal("RetriesExhausted", _actions.Reason);
        Assert.True((await StoredAsync()).IsActive);
    }

    [Fact]
    public async Task Subscription_is_deactivated_when_it_was_only_renamed_while_its_receiver_was_asked()
    {
        _answer = Gone;
        _beforeAnswer = () => ChangeAsync(stored => stored with { Name = "another" });

        await RunAsync(Delivery());

        Assert.False((await StoredAsync()).IsActive);
        Assert.Equal("another", (await StoredAsync()).Name);
        Assert.Equal(DeliveryOutcome.Gone, Assert.Single(await AttemptsAsync()).Outcome);
        Assert.Empty(_queue.Scheduled);
    }

    [Fact]
    public async Task Stored_subscription_is_used_when_the_one_in_memory_was_out_of_date()
    {
        await KeepAsync(_subscription with { Url = new Uri("http://127.0.0.1:1/") });
        await ChangeAsync(stored => stored with { Url = _receiver.Url });

        await RunAsync(Delivery() with { NeedsStored = true });

        Assert.Equal(DeliveryOutcome.Delivered, Assert.Single(await AttemptsAsync()).Outcome);
    }

    [Fact]
    public async Task Delivery_is_made_when_the_subscription_was_activated_since_it_was_read()
    {
        await KeepAsync(_subscription with { IsActive = false });
        await ChangeAsync(stored => stored with { IsActive = true });

        await RunAsync(Delivery());

        Assert.Equal(DeliveryOutcome.Delivered, Assert.Single(await AttemptsAsync()).Outcome);
    }

    [Fact]
    public async Task Delivery_is_made_when_there_was_no_subscription_when_it_was_read()
    {
        _kept = new SubscriptionCache(Given.SubscriptionStore(_tables, _clock), _clock);
        Assert.Null(await _kept.GetAsync(_organization, _subscription.Id, default));

        await RunAsync(Delivery());

        Assert.Equal(DeliveryOutcome.Delivered, Assert.Single(await AttemptsAsync()).Outcome);
    }

    [Fact]
    public async Task Message_is_put_off_when_the_subscription_of_a_receiver_that_is_gone_can_not_be_deactivated()
    {
        _answer = "HTTP/1.1 410 Gone\r\nContent-Length: 0\r\n\r\n";
        _steps.Fail("transaction subscriptions");

        await RunAsync(Delivery());

        Assert.Equal(1, Parse(Assert.Single(_queue.Scheduled).Message).Postponements);
    }

    [Fact]
    public async Task Delivery_goes_on_when_its_health_can_not_be_kept()
    {
        _answer = "HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n";
        _steps.Fail(WriteHealth);

        await RunAsync(Delivery());

        Assert.Equal(2, Parse(Assert.Single(_queue.Scheduled).Message).Attempt);
    }

    [Fact]
    public async Task Delivery_is_given_up_when_the_schedule_is_used_up()
    {
        _answer = "HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n";

        await RunAsync(Delivery() with { Attempt = 3 });

        Assert.Equal("dead-letter", _steps.Taken[^1]);
        Assert.Equal("RetriesExhausted", _actions.Reason);
        Assert.Contains("503 Service Unavailable", _actions.Description, StringComparison.Ordinal);
        Assert.Empty(_queue.Scheduled);
        Assert.Single(await EntriesAsync());
    }

    [Fact]
    public async Task Delivery_is_given_up_at_once_when_its_destination_is_forbidden()
    {
        _insecure = false;

        await RunAsync(Delivery());

        Assert.Equal("DestinationForbidden", _actions.Reason);
        Assert.DoesNotContain("POST", _steps.Taken);
        Assert.Equal("forbidden", Assert.Single(await EntriesAsync()).Error?.Kind);
    }

    [Fact]
    public async Task Delivery_is_skipped_when_the_subscription_is_inactive()
    {
        _subscription = _subscription with { IsActive = false };

        await RunAsync(Delivery());

        Assert.Equal(["read subscriptions", "read subscriptions", "transaction deliverylog", "complete"], _steps.Taken);
        Assert.Equal(DeliveryOutcome.Skipped, Assert.Single(await AttemptsAsync()).Outcome);
    }

    [Fact]
    public async Task Deliveries_are_dropped_and_counted_when_the_subscription_is_deleted()
    {
        var deleted = SubscriptionId.New(_clock);

        await RunAsync(Delivery() with { SubscriptionId = deleted });
        await RunAsync(Delivery() with { SubscriptionId = deleted, EventId = Given.EventId("evt_2") });

        Assert.Equal("complete", _steps.Taken[^1]);
        Assert.DoesNotContain("dead-letter", _steps.Taken);
        var entry = Assert.Single(await EntriesAsync(AuditType.DeliveryDropped));
        Assert.Equal(deleted.ToString(), entry.SubscriptionId);
        Assert.Equal("2 deliveries were dropped, since the subscription was deleted.", entry.Error?.Detail);
    }

    [Fact]
    public async Task Delivery_is_put_off_when_it_can_not_be_counted_as_dropped()
    {
        _steps.Fail("write auditlog");

        await RunAsync(Delivery() with { SubscriptionId = SubscriptionId.New(_clock) });

        Assert.Equal(1, Parse(Assert.Single(_queue.Scheduled).Message).Postponements);
    }

    [Fact]
    public async Task Payload_is_read_from_the_archive_when_the_message_has_none()
    {
        await new EventArchive(_tables, Given.Protector).AddAsync(
            _organization,
            Given.EventId("evt_1"),
            EventName.Parse("CaseCreatedEvent"),
            Encoding.UTF8.GetBytes(Payload),
            _clock.GetUtcNow(),
            default
        );

        await RunAsync(Delivery() with { Attempt = 2 }, body: "");

        Assert.Equal([.. s_readsFirst, "read eventarchive", "POST"], _steps.Taken.Take(4));
        Assert.Equal([ReadHealth, "transaction deliverylog"], _steps.Taken.Skip(4).Take(2).Order());
        Assert.Equal(["complete"], _steps.Taken.Skip(6));
        Assert.Equal(Payload, Assert.Single(_receiver.Requests).Body);
    }

    [Fact]
    public async Task Delivery_is_given_up_when_its_payload_is_no_longer_archived()
    {
        await RunAsync(Delivery() with { Attempt = 2 }, body: "");

        Assert.Equal("PayloadExpired", _actions.Reason);
        Assert.DoesNotContain("POST", _steps.Taken);
    }

    [Fact]
    public async Task Message_is_given_up_with_a_reason_when_it_is_malformed()
    {
        await Function().RunAsync(ServiceBusModelFactory.ServiceBusReceivedMessage(new BinaryData("{}")), _actions, default);

        Assert.Equal(["dead-letter"], _steps.Taken);
        Assert.Equal("MalformedDelivery", _actions.Reason);
        Assert.Contains("organizationId", _actions.Description, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("transaction deliverylog")]
    [InlineData("write auditlog")]
    [InlineData("schedule")]
    [InlineData("write subscriptions")]
    public async Task Request_is_not_repeated_when_what_follows_it_fails_for_a_moment(string step)
    {
        _answer = "HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n";
        _steps.Fail(step, times: 3);

        await RunAsync(Delivery());

        Assert.Single(_receiver.Requests);
        Assert.Equal("complete", _steps.Taken[^1]);
        Assert.Equal(2, Parse(Assert.Single(_queue.Scheduled).Message).Attempt);
    }

    [Theory]
    [InlineData("transaction deliverylog", 1)]
    [InlineData("read subscriptions", 0)]
    public async Task Delivery_is_put_off_without_using_up_an_attempt_when_a_table_fails(string step, int requests)
    {
        _steps.Fail(step);

        await RunAsync(Delivery() with { Postponements = 2 });

        Assert.Equal(requests, _receiver.Requests.Count);
        Assert.Equal(["schedule", "complete"], _steps.Taken.TakeLast(2));
        var (message, at) = Assert.Single(_queue.Scheduled);
        var held = Parse(message);
        Assert.Equal((1, 3), (held.Attempt, held.Postponements));
        Assert.Empty(message.Body.ToArray());
        Assert.InRange(at - _clock.GetUtcNow(), TimeSpan.FromSeconds(16), TimeSpan.FromSeconds(24));
    }

    [Fact]
    public async Task Message_comes_back_after_a_pause_when_the_queue_fails_too()
    {
        _steps.Fail("read subscriptions", exception: new RequestFailedException(500, "table"));
        _steps.Fail("schedule", exception: new ServiceBusException("queue", ServiceBusFailureReason.ServiceBusy));
        var before = _clock.GetUtcNow();

        var thrown = await Assert.ThrowsAsync<RequestFailedException>(() => RunAsync(Delivery()));

        Assert.Equal("table", thrown.Message);
        Assert.Equal(TimeSpan.FromSeconds(5), _clock.GetUtcNow() - before);
        Assert.Empty(_steps.Taken);
    }

    [Fact]
    public async Task Message_comes_back_when_the_queue_does_not_respond()
    {
        _steps.Fail("read subscriptions", exception: new RequestFailedException(500, "table"));
        _sender = new TimedSender(new SilentSender(), _clock);
        var before = _clock.GetUtcNow();

        var thrown = await Assert.ThrowsAsync<RequestFailedException>(() => RunAsync(Delivery()));

        Assert.Equal("table", thrown.Message);
        Assert.Equal(TimeSpan.FromSeconds(30 + 5), _clock.GetUtcNow() - before);
        Assert.Empty(_steps.Taken);
    }

    [Fact]
    public async Task Message_comes_back_after_a_pause_when_a_mistake_shows()
    {
        _steps.Fail("read subscriptions", exception: new InvalidOperationException("mistake"));

        await Assert.ThrowsAsync<InvalidOperationException>(() => RunAsync(Delivery()));

        Assert.Empty(_steps.Taken);
    }

    [Fact]
    public async Task Delivery_is_not_doubled_when_its_message_can_not_be_settled()
    {
        _steps.Fail("complete", exception: new ServiceBusException("lost", ServiceBusFailureReason.MessageLockLost));

        await Assert.ThrowsAsync<ServiceBusException>(() => RunAsync(Delivery()));

        Assert.Empty(_queue.Scheduled);
        Assert.Single(_receiver.Requests);
    }

    [Fact]
    public async Task Message_is_left_alone_when_the_host_stops()
    {
        using var stopping = new CancellationTokenSource();
        await stopping.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => RunAsync(Delivery(), cancellationToken: stopping.Token));

        Assert.DoesNotContain("complete", _steps.Taken);
        Assert.Empty(_queue.Scheduled);
    }

    [Fact]
    public async Task Repeat_after_a_crash_queues_the_same_next_attempt()
    {
        _answer = "HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\nConnection: close";
        _steps.Fail("complete", times: 1);
        await Assert.ThrowsAnyAsync<Exception>(() => RunAsync(Delivery()));

        await RunAsync(Delivery());

        Assert.Equal(_queue.Scheduled[0].Message.MessageId, _queue.Scheduled[1].Message.MessageId);
    }

    [Fact]
    public async Task Attempt_is_measured_and_the_time_since_the_event_with_its_success()
    {
        var published = TimeProvider.System.GetUtcNow() - TimeSpan.FromHours(1);

        await RunAsync(Delivery() with { PublishedAt = published });

        Assert.Equal(["1 outcome=delivered"], _metrics.Of("event_subscriptions.attempts"));
        Assert.EndsWith(" outcome=delivered", Assert.Single(_metrics.Of("event_subscriptions.attempt.duration")), StringComparison.Ordinal);
        var latency = Assert.Single(_metrics.All, measurement => measurement.Instrument.Name == "event_subscriptions.delivery.latency");
        Assert.InRange(latency.Value, 3_600, 3_700);
    }

    [Fact]
    public async Task Failed_attempt_is_counted_by_its_kind_and_its_trace_goes_on_with_the_next()
    {
        _answer = "HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n";
        var fanOut = $"00-{new string('a', 32)}-{new string('1', 16)}-01";

        await RunAsync(Delivery() with { TraceParent = fanOut, PublishedAt = TimeProvider.System.GetUtcNow() });

        Assert.Equal(["1 outcome=failed error.type=status"], _metrics.Of("event_subscriptions.attempts"));
        Assert.Empty(_metrics.Of("event_subscriptions.delivery.latency"));
        var attempt = Assert.Single(_traces.Ended);
        Assert.Equal((fanOut[3..35], fanOut[36..52]), (attempt.TraceId.ToString(), attempt.ParentSpanId.ToString()));
        Assert.Equal(attempt.Id, Header(Assert.Single(_receiver.Requests).Head, "traceparent"));
        Assert.Equal(fanOut, Parse(Assert.Single(_queue.Scheduled).Message).TraceParent);
        Assert.Equal(
            [
                ("error.type", "status"),
                ("event_subscriptions.attempt", 1),
                ("event_subscriptions.event.id", "evt_1"),
                ("event_subscriptions.organization.id", _organization.Value),
                ("event_subscriptions.outcome", "failed"),
                ("event_subscriptions.run", "event"),
                ("event_subscriptions.subscription.id", _subscription.Id.ToString()),
                ("http.response.status_code", 500),
            ],
            attempt.TagObjects.Select(tag => (tag.Key, tag.Value)).OrderBy(tag => tag.Key, StringComparer.Ordinal)
        );
    }

    [Fact]
    public async Task Put_off_and_skipped_deliveries_are_counted_as_such()
    {
        _steps.Fail(ReadHealth, times: 1);
        await RunAsync(Delivery());
        Assert.Equal(["1 queue=deliveries reason=transient_fault"], _metrics.Of("event_subscriptions.messages.postponed"));

        _subscription = _subscription with { Id = SubscriptionId.New(_clock), IsActive = false };
        await RunAsync(Delivery());
        Assert.Equal(["1 outcome=skipped"], _metrics.Of("event_subscriptions.attempts"));
    }

    [Fact]
    public async Task Delivery_that_waits_for_its_next_attempt_is_counted_until_it_arrives()
    {
        _answer = "HTTP/1.1 500 Oh\r\nContent-Length: 4\r\n\r\noops";
        await RunAsync(Delivery());
        Assert.Equal(1, await WaitingAsync());

        _answer = RawReceiver.Ok("thanks");
        await RunAsync(Parse(_queue.Scheduled[0].Message));
        Assert.Equal(0, await WaitingAsync());
    }

    [Fact]
    public async Task Delivery_that_waits_is_no_longer_counted_when_it_is_given_up()
    {
        var delivery = Delivery() with { Attempt = 2 };
        await new DeliveryLog(_tables).WaitAsync(delivery, _clock.GetUtcNow(), default);

        await RunAsync(delivery, body: "");

        Assert.Equal(nameof(DeadLetterReason.PayloadExpired), _actions.Reason);
        Assert.Equal(0, await WaitingAsync());
    }

    private Task<int> WaitingAsync() => Given.CountWaitingAsync(_tables, _subscription.Id);

    private static string Header(string head, string name) =>
        Assert.Single(head.Split("\r\n"), line => line.StartsWith(name + ": ", StringComparison.OrdinalIgnoreCase))[(name.Length + 2)..];

    private static DeliveryMessage Parse(ServiceBusMessage message)
    {
        Assert.True(DeliveryMessage.TryParse(Received(message), out var delivery, out var malformed), malformed?.Description);
        return delivery with { Payload = default };
    }

    private static ServiceBusReceivedMessage Received(ServiceBusMessage message) =>
        ServiceBusModelFactory.ServiceBusReceivedMessage(message.Body, message.MessageId, properties: message.ApplicationProperties);

    private DeliveryMessage Delivery() =>
        new()
        {
            OrganizationId = _organization,
            SubscriptionId = _subscription.Id,
            EventId = Given.EventId("evt_1"),
            EventName = EventName.Parse("CaseCreatedEvent"),
        };

    private async Task RunAsync(DeliveryMessage delivery, string body = Payload, CancellationToken cancellationToken = default)
    {
        var store = Given.SubscriptionStore(_tables, _clock);
        if (await store.GetAsync(_organization, _subscription.Id, default) is null)
        {
            await store.AddAsync(_subscription, Given.Entry(_subscription, AuditType.SubscriptionCreated), default);
        }

        var running = Function()
            .RunAsync(
                Received((delivery with { Payload = Encoding.UTF8.GetBytes(body) }).ToServiceBusMessage()),
                _actions,
                cancellationToken
            );
        while (!running.IsCompleted)
        {
            if (_clock.PendingTimers > 0)
            {
                _clock.Advance(TimeSpan.FromMilliseconds(250));
            }

            await Task.WhenAny(running, Task.Delay(1, CancellationToken.None));
        }

        await running;
    }

    private DeliverFunction Function()
    {
        var tables = new RecordingTables(_tables, _steps);
        var shortRetry = new ShortRetry(_clock);
        var random = new Random(1);
        var store = Given.SubscriptionStore(tables, _clock);
        var subscriptions = _kept ?? new SubscriptionCache(store, _clock);
        var health = new HealthTracker(
            new SubscriptionHealthStore(tables),
            new SubscriptionEditor(store, subscriptions, _clock),
            shortRetry,
            new DeliveriesOptions(),
            _clock,
            NullLogger<HealthTracker>.Instance
        );
        var sender = _sender ?? _queue;
        var processor = new DeliveryProcessor(
            subscriptions,
            new DeliveryGate(tables, new AuditLog(tables, _clock), shortRetry, new DeliveriesOptions(), _clock),
            new EventArchive(tables, Given.Protector),
            new AttemptSender(
                _sending.GetRequiredService<WebhookSender>(),
                new RetrySchedule([TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(2)]),
                health,
                _metrics.Metrics,
                _traces.Tracing,
                _clock,
                random
            ),
            new DeliveryRecorder(new DeliveryLog(tables), new AuditLog(tables, _clock), health, shortRetry, _metrics.Metrics, _clock),
            new DroppedDeliveries(tables, new AuditLog(tables, _clock), _clock),
            new DeliveryScheduler(sender, shortRetry, _metrics.Metrics, NullLogger<DeliveryScheduler>.Instance)
        );
        return new DeliverFunction(Given.Worker(_clock, _metrics.Metrics), processor, sender);
    }

    private async Task<IReadOnlyList<DeliveryAttempt>> AttemptsAsync() =>
        (
            await new DeliveryLog(_tables).ListAsync(
                _subscription.Id,
                new DeliveryFilter(new TimeRange(null, null), null, null),
                new PageRequest("test", 100, null),
                default
            )
        ).Items;

    /// <summary>Stores a subscription, and a cache that has read it.</summary>
    private async Task KeepAsync(Subscription subscription)
    {
        var store = Given.SubscriptionStore(_tables, _clock);
        await store.AddAsync(subscription, Given.Entry(subscription, AuditType.SubscriptionCreated), default);
        _kept = new SubscriptionCache(store, _clock);
        Assert.NotNull(await _kept.GetAsync(_organization, subscription.Id, default));
    }

    /// <summary>Changes the stored subscription, as another instance does.</summary>
    private async Task ChangeAsync(Func<Subscription, Subscription> change) =>
        Assert.NotNull(await Given.SubscriptionStore(_tables, _clock).UpdateAsync(change(await StoredAsync()), [], health: null, default));

    private async Task<Subscription> StoredAsync() =>
        (await Given.SubscriptionStore(_tables, _clock).GetAsync(_organization, _subscription.Id, default))!;

    private async Task<IReadOnlyList<AuditEntryResponse>> EntriesAsync(AuditType type = AuditType.DeliveryFailed)
    {
        var filter = new AuditFilter(new TimeRange(null, null), type, null);
        return (await new AuditLog(_tables, _clock).ListAsync(_organization, filter, new PageRequest("test", 100, null), default)).Items;
    }
}
