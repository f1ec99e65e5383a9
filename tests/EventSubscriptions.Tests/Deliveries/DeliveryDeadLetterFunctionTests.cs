using Azure.Messaging.ServiceBus;
using EventSubscriptions.Audit;
using EventSubscriptions.Deliveries;
using EventSubscriptions.Deliveries.Log;
using EventSubscriptions.Deliveries.Outcome;
using EventSubscriptions.Events;
using EventSubscriptions.Http;
using EventSubscriptions.Organizations;
using EventSubscriptions.Queues;
using EventSubscriptions.Storage;
using EventSubscriptions.Subscriptions;
using EventSubscriptions.Tests.Events;
using EventSubscriptions.Tests.Storage;
using EventSubscriptions.Tests.Telemetry;
using Microsoft.Extensions.Logging.Abstractions;

namespace EventSubscriptions.Tests.Deliveries;

public sealed class DeliveryDeadLetterFunctionTests : IAsyncLifetime
{
    private readonly TestClock _clock = new(new DateTimeOffset(2026, 1, 31, 10, 0, 0, TimeSpan.Zero));
    private readonly OrganizationId _organization = Given.Organization();
    private readonly Steps _steps = new();
    private readonly RecordingOperationalEvents _published = new();
    private readonly List<ServiceBusMessage> _sent = [];
    private Azure.Data.Tables.TableServiceClient _tables = null!;
    private Subscription _subscription = null!;
    private MetricsRecorder _recorder = null!;

    public async Task InitializeAsync()
    {
        _recorder = MetricsRecorder.Start();
        _tables = await new LocalStores().ConnectAsync();
        _subscription = Given.Subscription(_organization, _clock);
        await Given
            .SubscriptionStore(_tables, _clock)
            .AddAsync(_subscription, Given.Entry(_subscription, AuditType.SubscriptionCreated), default);
    }

    public Task DisposeAsync()
    {
        _recorder.Dispose();
        return Task.CompletedTask;
    }

    [Fact]
    public async Task Dead_letter_is_recorded_with_the_last_error()
    {
        await RunAsync(Delivery().ToServiceBusMessage(), "RetriesExhausted", "Attempt 10, the last, failed (connect): no.");

        var entry = Assert.Single(await EntriesAsync());
        Assert.Equal("RetriesExhausted", entry.Error!.Kind);
        Assert.Equal("Attempt 10, the last, failed (connect): no.", entry.Error.Detail);
        Assert.NotNull(entry.Error.Hint);
        Assert.Equal(
            (_subscription.Id.ToString(), DisplayUrl.Of(_subscription.Url), "evt_1", "CaseCreatedEvent", 10),
            (entry.SubscriptionId, entry.Url, entry.EventId, entry.EventName, entry.Attempt)
        );
        Assert.Empty(_sent);
    }

    [Theory]
    [InlineData("RetriesExhausted", "RetriesExhausted")]
    [InlineData("MaxDeliveryCountExceeded", "MaxDeliveryCountExceeded")]
    [InlineData("Whatever somebody else says", "other")]
    public async Task Dead_letter_is_counted_by_its_reason_when_it_is_known(string reason, string counted)
    {
        var message = Delivery().ToServiceBusMessage();
        message.ApplicationProperties["requeues"] = 3;

        await RunAsync(message, reason, "Why.");

        Assert.Equal([$"1 queue=deliveries reason={counted}"], _recorder.Of("event_subscriptions.dead_letters.recorded"));
    }

    [Fact]
    public async Task Dead_letter_of_a_deleted_subscription_is_recorded_without_its_url()
    {
        await RunAsync((Delivery() with { SubscriptionId = SubscriptionId.New(_clock) }).ToServiceBusMessage(), "PayloadExpired", "Gone.");

        Assert.Null(Assert.Single(await EntriesAsync()).Url);
    }

    [Fact]
    public async Task Malformed_message_is_recorded_for_its_organization()
    {
        var message = Delivery().ToServiceBusMessage();
        message.ApplicationProperties.Remove("eventId");

        await RunAsync(message, "MalformedDelivery", "The property eventId is missing or not an event's id.");

        var entry = Assert.Single(await EntriesAsync());
        Assert.Equal("MalformedDelivery", entry.Error!.Kind);
        Assert.Null(entry.EventId);
    }

    [Fact]
    public async Task Dead_letter_is_recorded_for_the_system_when_its_message_is_unreadable()
    {
        var detail = $"Nothing is right ({Guid.NewGuid()}).";

        await RunAsync(new ServiceBusMessage("x"u8.ToArray()), "MalformedDelivery", detail);

        var filter = new AuditFilter(new TimeRange(null, null), AuditType.DeliveryDeadLettered, null);
        var entries = await new AuditLog(_tables, _clock).ListAsync(null, filter, new PageRequest("test", 1000, null), default);
        Assert.Contains(entries.Items, entry => entry.Error?.Detail == detail);
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(1, 10)]
    [InlineData(2, 60)]
    public async Task Delivery_is_requeued_when_it_was_delivered_too_often(int returned, int minutes)
    {
        var message = (Delivery() with { Payload = "{}"u8.ToArray() }).ToServiceBusMessage();
        if (returned > 0)
        {
            message.ApplicationProperties["requeues"] = returned;
        }

        await RunAsync(message, "MaxDeliveryCountExceeded", null);

        var back = Assert.Single(_sent);
        Assert.Equal(_clock.GetUtcNow().AddMinutes(minutes), back.ScheduledEnqueueTime);
        Assert.NotEqual(message.MessageId, back.MessageId);
        Assert.True(DeliveryMessage.TryParse(Received(back, null, null), out var delivery, out _));
        Assert.Equal(Delivery(), delivery with { Payload = default });
        Assert.Empty(await EntriesAsync());
        Assert.Empty(_recorder.Of("event_subscriptions.dead_letters.recorded"));
    }

    [Fact]
    public async Task Delivery_is_recorded_when_it_was_requeued_three_times()
    {
        var (delivery, log) = (Delivery(), new DeliveryLog(_tables));
        await log.WaitAsync(delivery, _clock.GetUtcNow(), default);
        var message = delivery.ToServiceBusMessage();
        message.ApplicationProperties["requeues"] = 3;

        await RunAsync(message, "MaxDeliveryCountExceeded", null);

        Assert.Equal("MaxDeliveryCountExceeded", Assert.Single(await EntriesAsync()).Error!.Kind);
        Assert.Empty(_sent);
        Assert.Equal(0, await Given.CountWaitingAsync(_tables, delivery.SubscriptionId));
    }

    [Fact]
    public async Task Dead_letter_is_redelivered_after_a_pause_when_it_cannot_be_recorded()
    {
        _steps.Fail("write auditlog");
        var before = _clock.GetUtcNow();

        await Assert.ThrowsAsync<Azure.RequestFailedException>(() =>
            RunAsync(Delivery().ToServiceBusMessage(), "RetriesExhausted", "Why.")
        );

        Assert.Equal(TimeSpan.FromSeconds(5), _clock.GetUtcNow() - before);
    }

    [Fact]
    public async Task Delivery_is_recorded_when_its_queue_permanently_refuses_it()
    {
        _steps.Fail("send", exception: new ServiceBusException("Too large.", ServiceBusFailureReason.MessageSizeExceeded));

        await RunAsync(Delivery().ToServiceBusMessage(), "MaxDeliveryCountExceeded", null);

        Assert.Equal("MaxDeliveryCountExceeded", Assert.Single(await EntriesAsync()).Error!.Kind);
    }

    [Fact]
    public async Task Delivery_is_redelivered_after_a_pause_when_it_cannot_be_requeued()
    {
        _steps.Fail("send", exception: new ServiceBusException("Busy.", ServiceBusFailureReason.ServiceBusy));

        await Assert.ThrowsAsync<ServiceBusException>(() => RunAsync(Delivery().ToServiceBusMessage(), "MaxDeliveryCountExceeded", null));

        Assert.Empty(await EntriesAsync());
    }

    private static ServiceBusReceivedMessage Received(ServiceBusMessage message, string? reason, string? description)
    {
        var properties = new Dictionary<string, object>(message.ApplicationProperties, StringComparer.Ordinal);
        if (reason is not null)
        {
            properties["DeadLetterReason"] = reason;
        }

        if (description is not null)
        {
            properties["DeadLetterErrorDescription"] = description;
        }

        return ServiceBusModelFactory.ServiceBusReceivedMessage(message.Body, message.MessageId, properties: properties);
    }

    private DeliveryMessage Delivery() =>
        new()
        {
            OrganizationId = _organization,
            SubscriptionId = _subscription.Id,
            EventId = Given.EventId("evt_1"),
            EventName = EventName.Parse("CaseCreatedEvent"),
            Attempt = 10,
        };

    private async Task RunAsync(ServiceBusMessage message, string reason, string? description)
    {
        var tables = new RecordingTables(_tables, _steps);
        var queue = new RecordingSender(_steps);
        var subscriptions = new SubscriptionCache(Given.SubscriptionStore(tables, _clock), _clock);
        var healths = new SubscriptionHealthStore(tables);
        var function = new DeliveryDeadLetterFunction(
            new DeadLetterHandler(_recorder.Metrics, _clock, NullLogger<DeadLetterHandler>.Instance),
            new AuditLog(tables, _clock),
            new DeliveryLog(tables),
            subscriptions,
            new DeadLetterReports(
                healths,
                subscriptions,
                new HealthReporter(healths, _published, new DeliveriesOptions()),
                new ShortRetry(_clock),
                _clock,
                NullLogger<DeadLetterReports>.Instance
            ),
            queue,
            _clock
        );
        var running = function.RunAsync(Received(message, reason, description), default);
        while (!running.IsCompleted)
        {
            if (_clock.PendingTimers > 0)
            {
                _clock.Advance(TimeSpan.FromSeconds(1));
            }

            await Task.WhenAny(running, Task.Delay(1));
        }

        _sent.AddRange(queue.Scheduled.Select(scheduled => scheduled.Message));
        await running;
    }

    private async Task<IReadOnlyList<AuditEntryResponse>> EntriesAsync()
    {
        var filter = new AuditFilter(new TimeRange(null, null), AuditType.DeliveryDeadLettered, null);
        return (await new AuditLog(_tables, _clock).ListAsync(_organization, filter, new PageRequest("test", 100, null), default)).Items;
    }
}
