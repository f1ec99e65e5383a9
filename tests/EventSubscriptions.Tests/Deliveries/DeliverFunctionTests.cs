using System.Text;
using Azure.Messaging.ServiceBus;
using EventSubscriptions.Audit;
using EventSubscriptions.Deliveries;
using EventSubscriptions.Deliveries.Log;
using EventSubscriptions.Deliveries.Outcome;
using EventSubscriptions.Events;
using EventSubscriptions.Events.Archive;
using EventSubscriptions.Queues;
using EventSubscriptions.Subscriptions;
using EventSubscriptions.Tests.Deliveries.Sending;
using Microsoft.Extensions.DependencyInjection;

namespace EventSubscriptions.Tests.Deliveries;

public sealed class DeliverFunctionTests : DeliverFunctionTestBase
{
    [Fact]
    public async Task Delivery_is_logged_before_its_message_is_completed()
    {
        await RunAsync(Delivery());

        Assert.Equal([.. s_reads, "POST"], _steps.Taken.Take(3));
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
        _response = "HTTP/1.1 500 Oh\r\nContent-Length: 4\r\n\r\noops";

        await RunAsync(Delivery());

        Assert.Equal([.. s_reads, "POST", ReadHealth], _steps.Taken.Take(4));
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
    public async Task Next_attempt_has_no_postponements()
    {
        _response = "HTTP/1.1 500 Oh\r\nContent-Length: 4\r\n\r\noops";

        await RunAsync(Delivery() with { Postponements = 3 });

        var next = Parse(Assert.Single(_queue.Scheduled).Message);
        Assert.Equal((2, 0), (next.Attempt, next.Postponements));
    }

    [Fact]
    public async Task Audit_entry_has_url_status_hint_and_response_when_an_attempt_fails()
    {
        _response = "HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\noops";

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
    public async Task Delivery_is_dead_lettered_when_its_last_attempt_fails()
    {
        _response = "HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n";

        await RunAsync(Delivery() with { Attempt = 3 });

        Assert.Equal("dead-letter", _steps.Taken[^1]);
        Assert.Equal("RetriesExhausted", _actions.Reason);
        Assert.Contains("503 Service Unavailable", _actions.Description, StringComparison.Ordinal);
        Assert.Empty(_queue.Scheduled);
        Assert.Single(await EntriesAsync());
    }

    [Fact]
    public async Task Delivery_is_dead_lettered_without_a_request_when_its_destination_is_forbidden()
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

        Assert.Equal(["read subscriptions", "read subscriptions", ReadHealth, "transaction deliverylog", "complete"], _steps.Taken);
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
    public async Task Payload_is_read_from_the_archive_when_the_message_has_none()
    {
        await new EventArchive(_tables, Given.Protector).AddAsync(
            _organization,
            Given.EventId("evt_1"),
            EventName.Parse("CaseCreatedEvent"),
            EventSource.Http,
            Encoding.UTF8.GetBytes(Payload),
            _clock.GetUtcNow(),
            default
        );

        await RunAsync(Delivery() with { Attempt = 2 }, body: "");

        Assert.Equal([.. s_reads, "read eventarchive", "POST"], _steps.Taken.Take(4));
        Assert.Equal([ReadHealth, "transaction deliverylog"], _steps.Taken.Skip(4).Take(2).Order());
        Assert.Equal(["complete"], _steps.Taken.Skip(6));
        Assert.Equal(Payload, Assert.Single(_receiver.Requests).Body);
    }

    [Fact]
    public async Task Delivery_is_dead_lettered_when_its_payload_is_no_longer_archived()
    {
        await RunAsync(Delivery() with { Attempt = 2 }, body: "");

        Assert.Equal("PayloadExpired", _actions.Reason);
        Assert.DoesNotContain("POST", _steps.Taken);
    }

    [Fact]
    public async Task Delivery_is_dead_lettered_when_its_payload_was_removed()
    {
        var delivery = Delivery() with { Attempt = 2 };
        var archive = new EventArchive(_tables, Given.Protector);
        await archive.AddAsync(
            delivery.OrganizationId,
            delivery.EventId,
            delivery.EventName,
            EventSource.Http,
            Encoding.UTF8.GetBytes(Payload),
            _clock.GetUtcNow(),
            default
        );
        await archive.RemovePayloadAsync(delivery.OrganizationId, delivery.EventId, _clock.GetUtcNow(), default);

        await RunAsync(delivery, body: "");

        Assert.Equal("PayloadRemoved", _actions.Reason);
        Assert.Equal("The payload was removed; attempt 2 was not made.", _actions.Description);
        Assert.DoesNotContain("POST", _steps.Taken);
    }

    [Fact]
    public async Task Message_is_dead_lettered_when_it_is_malformed()
    {
        await Function().RunAsync(ServiceBusModelFactory.ServiceBusReceivedMessage(new BinaryData("{}")), _actions, default);

        Assert.Equal(["dead-letter"], _steps.Taken);
        Assert.Equal("MalformedDelivery", _actions.Reason);
        Assert.Contains("organizationId", _actions.Description, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Waiting_delivery_is_counted_until_its_next_attempt()
    {
        _response = "HTTP/1.1 500 Oh\r\nContent-Length: 4\r\n\r\noops";
        await RunAsync(Delivery());
        Assert.Equal(1, await WaitingAsync());

        _response = RawReceiver.Ok("thanks");
        await RunAsync(Parse(_queue.Scheduled[0].Message));
        Assert.Equal(0, await WaitingAsync());
    }

    [Fact]
    public async Task Waiting_delivery_is_no_longer_counted_when_it_is_dead_lettered()
    {
        var delivery = Delivery() with { Attempt = 2 };
        await new DeliveryLog(_tables).WaitAsync(delivery, _clock.GetUtcNow(), default);

        await RunAsync(delivery, body: "");

        Assert.Equal(nameof(DeadLetterReason.PayloadExpired), _actions.Reason);
        Assert.Equal(0, await WaitingAsync());
    }

    private Task<int> WaitingAsync() => Given.CountWaitingAsync(_tables, _subscription.Id);
}
