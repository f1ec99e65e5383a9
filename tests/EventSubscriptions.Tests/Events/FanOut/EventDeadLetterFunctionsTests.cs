using Azure;
using Azure.Core.Amqp;
using Azure.Data.Tables;
using Azure.Messaging.ServiceBus;
using EventSubscriptions.Audit;
using EventSubscriptions.Events.FanOut;
using EventSubscriptions.Organizations;
using EventSubscriptions.Queues;
using EventSubscriptions.Storage;
using EventSubscriptions.Tests.Telemetry;
using Microsoft.Extensions.Logging.Abstractions;

namespace EventSubscriptions.Tests.Events.FanOut;

public sealed class EventDeadLetterFunctionsTests : IAsyncLifetime
{
    private readonly OrganizationId _organization = Given.Organization();
    private LocalServices _services = null!;
    private EventDeadLetterFunctions _function = null!;
    private MetricsRecorder _recorder = null!;

    public async Task InitializeAsync()
    {
        _recorder = MetricsRecorder.Start();
        _services = await LocalServices.StartAsync();
        _function = new EventDeadLetterFunctions(
            new DeadLetterHandler(_recorder.Metrics, _services.Time, NullLogger<DeadLetterHandler>.Instance),
            new AuditLog(_services.Flaky, _services.Time),
            _services.FanOut,
            _services.Time
        );
    }

    public Task DisposeAsync()
    {
        _services.Dispose();
        _recorder.Dispose();
        return Task.CompletedTask;
    }

    [Fact]
    public async Task Refused_event_is_recorded_in_the_log_of_its_organization()
    {
        await _function.RunAsync(
            DeadLetter(
                $$"""{"eventName":"CaseClosedEvent","organizationId":{{_organization}}}""",
                "MalformedEvent",
                "In the body data is missing."
            ),
            default
        );

        var row = Assert.Single(await AuditAsync(_organization.ToString()));
        Assert.Equal("event.deadLettered", row.GetString("type"));
        Assert.Equal("CaseClosedEvent", row.GetString("eventName"));
        Assert.Equal("an-id", row.GetString("eventId"));
        Assert.Contains("MalformedEvent", Everything(row), StringComparison.Ordinal);
        Assert.Contains("In the body data is missing.", Everything(row), StringComparison.Ordinal);
        Assert.Empty(_services.Receive(QueueNames.FanOut));
        Assert.Equal(["1 queue=events reason=MalformedEvent"], _recorder.Of("event_subscriptions.dead_letters.recorded"));
    }

    [Theory]
    [InlineData("not json")]
    [InlineData("""{"eventName":"A","organizationId":"1","data":{}}""")]
    public async Task Event_without_a_readable_organization_is_recorded_in_the_log_of_the_system(string body)
    {
        await _function.RunAsync(DeadLetter(body, "MalformedEvent", "…"), default);

        Assert.Single(await AuditAsync("system"));
    }

    [Theory]
    [InlineData(false, 0, 1)]
    [InlineData(true, 0, 1)]
    [InlineData(true, 1, 10)]
    [InlineData(true, 2, 60)]
    public async Task Event_that_was_delivered_too_often_is_requeued_after_a_delay(bool isCopy, int requeues, int minutes)
    {
        var body = $$$"""{"eventName":"A","organizationId":{{{_organization}}},"data":{}}""";

        await (
            isCopy
                ? _function.RecordFanOutDeadLetters(DeadLetter(body, "MaxDeliveryCountExceeded", "…", requeues), default)
                : _function.RunAsync(DeadLetter(body, "MaxDeliveryCountExceeded", "…", requeues), default)
        );

        Assert.Empty(await AuditAsync(_organization.ToString()));
        Assert.Empty(_recorder.Of("event_subscriptions.dead_letters.recorded"));
        _services.Time.Advance(TimeSpan.FromMinutes(minutes) - TimeSpan.FromSeconds(1));
        Assert.Empty(_services.Receive(QueueNames.FanOut));
        _services.Time.Advance(TimeSpan.FromSeconds(1));
        var back = await _services.ReceiveOneAsync(QueueNames.FanOut);
        Assert.Equal(body, back.Body.ToString());
        Assert.Equal("an-id", back.ApplicationProperties["eventId"]);
        Assert.Equal(isCopy ? requeues + 1 : 1, back.ApplicationProperties["requeues"]);
        Assert.Null(back.DeadLetterReason);
    }

    [Fact]
    public async Task Event_that_was_requeued_three_times_is_recorded()
    {
        await _function.RunAsync(
            DeadLetter(
                $$$"""{"eventName":"A","organizationId":{{{_organization}}},"data":{}}""",
                "MaxDeliveryCountExceeded",
                "…",
                requeues: 3
            ),
            default
        );

        Assert.Equal(["1 queue=events reason=MaxDeliveryCountExceeded"], _recorder.Of("event_subscriptions.dead_letters.recorded"));
        Assert.Contains(
            "MaxDeliveryCountExceeded",
            Everything(Assert.Single(await AuditAsync(_organization.ToString()))),
            StringComparison.Ordinal
        );
    }

    [Theory]
    [InlineData("MalformedEvent")]
    [InlineData("MaxDeliveryCountExceeded")]
    public async Task Event_is_recorded_when_its_body_is_not_text(string reason)
    {
        var message = new AmqpAnnotatedMessage(AmqpMessageBody.FromValue(42));
        message.ApplicationProperties["DeadLetterReason"] = reason;
        message.Properties.MessageId = new AmqpMessageId("an-id");

        await _function.RunAsync(
            ServiceBusReceivedMessage.FromAmqpMessage(message, BinaryData.FromBytes(Guid.NewGuid().ToByteArray())),
            default
        );

        Assert.Equal("an-id", Assert.Single(await AuditAsync("system")).GetString("eventId"));
    }

    [Fact]
    public async Task Failure_is_thrown_after_a_pause_so_that_the_dead_letter_is_redelivered()
    {
        var cause = new RequestFailedException(503, "busy");
        _services.Flaky.Failure = (_, _) => cause;

        var run = _function.RunAsync(DeadLetter("{}", "MalformedEvent", "…"), default);

        while (_services.Time.PendingTimers == 0)
        {
            Assert.False(run.IsCompleted);
            await Task.Yield();
        }

        _services.Time.Advance(TimeSpan.FromSeconds(5));
        Assert.Same(cause, await Assert.ThrowsAsync<RequestFailedException>(() => run));
    }

    private ServiceBusReceivedMessage DeadLetter(string body, string reason, string description, int requeues = 0) =>
        ServiceBusModelFactory.ServiceBusReceivedMessage(
            BinaryData.FromString(body),
            "an-id",
            sequenceNumber: 1,
            properties: new Dictionary<string, object>(StringComparer.Ordinal)
            {
                ["DeadLetterReason"] = reason,
                ["DeadLetterErrorDescription"] = description,
                ["requeues"] = requeues,
                ["eventId"] = "an-id",
                ["eventName"] = "A",
                ["organizationId"] = _organization.Value,
                ["publishedAt"] = _services.Time.GetUtcNow(),
            }
        );

    private static string Everything(TableEntity row) => string.Join('\n', row.Keys.Select(key => row[key]?.ToString()));

    private async Task<List<TableEntity>> AuditAsync(string partition)
    {
        List<TableEntity> rows = [];
        await foreach (
            var row in _services
                .Tables.GetTableClient(TableNames.AuditLog)
                .QueryAsync<TableEntity>(TableClient.CreateQueryFilter($"PartitionKey eq {partition}"))
        )
        {
            rows.Add(row);
        }

        return rows;
    }
}
