using System.Text;
using Azure.Messaging.ServiceBus;
using EventSubscriptions.Events;
using EventSubscriptions.Events.Archive;
using EventSubscriptions.Events.Publishing;
using EventSubscriptions.Http;
using EventSubscriptions.Organizations;
using EventSubscriptions.Queues;
using EventSubscriptions.Tests.Http;
using EventSubscriptions.Tests.Telemetry;
using Microsoft.Extensions.Logging.Abstractions;

namespace EventSubscriptions.Tests.Events.Publishing;

public sealed class PublishFunctionsTests : IAsyncLifetime
{
    private const string Valid = """{"eventName":"CaseArchivedEvent","data":{"id":"1", "name":"n"}}""";

    private readonly OrganizationId _organization = Given.Organization();
    private LocalServices _services = null!;
    private PublishFunctions _function = null!;
    private TraceRecorder _traces = null!;

    public async Task InitializeAsync()
    {
        _services = await LocalServices.StartAsync();
        _traces = TraceRecorder.Start();
        _function = new PublishFunctions(
            Given.EventTypes(_services.Flaky, _services.Time),
            new AirRequest(_services.Time),
            new EventArchive(_services.Flaky, Given.Protector),
            new EventPublisher(_services.Events, _traces.Tracing, _services.Time, NullLogger<EventPublisher>.Instance),
            Rate(),
            _services.Time
        );
    }

    private PublishRate Rate(int? limit = null) => new(new LimitsOptions { EventsPerSecondPerOrganization = limit }, _services.Time);

    public Task DisposeAsync()
    {
        _services.Dispose();
        _traces.Dispose();
        return Task.CompletedTask;
    }

    [Fact]
    public async Task Publishing_returns_429_when_the_organization_exceeds_its_rate()
    {
        _function = new PublishFunctions(
            Given.EventTypes(_services.Flaky, _services.Time),
            new AirRequest(_services.Time),
            new EventArchive(_services.Flaky, Given.Protector),
            new EventPublisher(_services.Events, _traces.Tracing, _services.Time, NullLogger<EventPublisher>.Instance),
            Rate(limit: 1),
            _services.Time
        );
        Assert.Equal(202, (await PublishAsync(Valid)).Status);
        Assert.Equal(202, (await PublishAsync(Valid)).Status);

        var refused = await PublishAsync(Valid);

        Assert.Equal((429, "1"), (refused.Status, refused.Headers.RetryAfter.ToString()));
        Assert.Equal(2, _services.Receive(QueueNames.Events).Count);
        _services.Time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(202, (await PublishAsync(Valid)).Status);
    }

    [Fact]
    public async Task Event_is_queued_as_its_payload_and_its_id_is_returned()
    {
        var reply = await PublishAsync(Valid);

        Assert.Equal(202, reply.Status);
        var message = Assert.Single(_services.Receive(QueueNames.Events));
        var id = message.ApplicationProperties["eventId"];
        Assert.Equal($$"""{"ids":["{{id}}"]}""", reply.Body);
        Assert.Equal($"{_organization}.{id}", message.MessageId);
        Assert.Equal("http", message.ApplicationProperties["source"]);
        Assert.Equal("application/json", message.ContentType);
        Assert.Equal(
            $$$"""{"eventName":"CaseArchivedEvent","organizationId":{{{_organization}}},"data":{"id":"1", "name":"n"}}""",
            message.Body.ToString()
        );
    }

    [Fact]
    public async Task Events_are_queued_in_order_in_several_batches()
    {
        var big = new string('n', 150_000);
        var body =
            $$$"""[{"id":"a","eventName":"CaseArchivedEvent","data":{"id":"1","name":"{{{big}}}"}},{"id":"b","eventName":"CaseArchivedEvent","data":{"id":"1","name":"{{{big}}}"}},{"id":"c","eventName":"CaseArchivedEvent","data":{"id":"1","name":"n"}}]""";

        var reply = await PublishAsync(body);

        Assert.Equal("""{"ids":["a","b","c"]}""", reply.Body);
        Assert.Equal(["a", "b", "c"], _services.Receive(QueueNames.Events).Select(message => message.ApplicationProperties["eventId"]));
    }

    [Fact]
    public async Task Idempotency_key_becomes_the_event_id()
    {
        await PublishAsync(Valid, "key");
        var reply = await PublishAsync(Valid, "key");

        // The archive tells repeats, not the queue.
        Assert.Equal("""{"ids":["key"]}""", reply.Body);
        Assert.Equal(["key", "key"], _services.Receive(QueueNames.Events).Select(message => message.ApplicationProperties["eventId"]));
    }

    [Fact]
    public async Task Id_of_an_archived_event_returns_409_unless_the_event_is_the_same()
    {
        var archive = new EventArchive(_services.Tables, Given.Protector);
        foreach (var id in (string[])["a", "k-1"])
        {
            Assert.True(EventId.TryParse(id, out var archived));
            var payload = $$$"""{"eventName":"CaseArchivedEvent","organizationId":{{{_organization}}},"data":{"id":"1", "name":"n"}}""";
            await archive.AddAsync(
                _organization,
                archived,
                EventName.Parse("CaseArchivedEvent"),
                EventSource.Http,
                Encoding.UTF8.GetBytes(payload),
                _services.Time.GetUtcNow(),
                default
            );
        }

        var same = await PublishAsync($"[{Valid},{Valid}]", "k");
        var other = await PublishAsync("[" + Valid + "," + Valid.Replace("\"1\"", "\"2\"", StringComparison.Ordinal) + "]", "k");
        var single = await PublishAsync($$"""{"id":"a",{{Valid.Replace("\"1\"", "\"2\"", StringComparison.Ordinal)[1..]}}""");

        Assert.Equal(202, same.Status);
        Assert.Equal((409, 409), (other.Status, single.Status));
        Assert.Equal(["[1].id"], other.Errors.Keys);
        Assert.Equal(["id"], single.Errors.Keys);
        Assert.Equal(["k-0", "k-1"], _services.Receive(QueueNames.Events).Select(message => message.ApplicationProperties["eventId"]));
    }

    [Fact]
    public async Task Generated_ids_are_not_looked_up()
    {
        _services.Flaky.Failure = (_, _) => new Azure.RequestFailedException(503, "busy");

        Assert.Equal(202, (await PublishAsync(Valid)).Status);
    }

    [Fact]
    public async Task Nothing_is_published_when_one_event_is_invalid()
    {
        var reply = await PublishAsync("[" + Valid + """,{"eventName":"CaseArchivedEvent","data":{}}]""");

        Assert.Equal(400, reply.Status);
        Assert.Equal(["[1].data.id", "[1].data.name"], reply.Errors.Keys);
        Assert.Empty(_services.Receive(QueueNames.Events));
    }

    [Fact]
    public async Task Publishing_returns_503_with_the_ids_when_the_queue_accepted_only_a_part()
    {
        var big = new string('n', 150_000);
        var one = $$$"""{"eventName":"CaseArchivedEvent","data":{"id":"1","name":"{{{big}}}"}}""";
        _services.Events.Allowed = 1;
        _services.Events.Failure = new ServiceBusException("busy", ServiceBusFailureReason.ServiceBusy);

        var reply = await PublishAsync($"[{one},{one}]");

        Assert.Equal(503, reply.Status);
        Assert.Equal("application/problem+json", reply.Headers.ContentType);
        Assert.Equal("5", reply.Headers.RetryAfter);
        var ids = reply.Read<ProblemResult>().Ids!;
        Assert.Equal(ids[0], Assert.Single(_services.Receive(QueueNames.Events)).ApplicationProperties["eventId"]);

        _services.Events.Failure = null;
        var repeated = await PublishAsync($$"""[{"id":"{{ids[0]}}",{{one[1..]}},{"id":"{{ids[1]}}",{{one[1..]}}]""");
        Assert.Equal(202, repeated.Status);
        Assert.Equal(ids, _services.Receive(QueueNames.Events).Select(message => message.ApplicationProperties["eventId"]));
    }

    [Fact]
    public async Task Publishing_returns_503_with_the_ids_when_the_queue_does_not_respond_for_30_seconds()
    {
        var clock = new TestClock();
        var silent = new SilentSender();
        var publisher = new EventPublisher(new TimedSender(silent, clock), _traces.Tracing, clock, NullLogger<EventPublisher>.Instance);
        var big = $$$"""{"id":"ID","eventName":"CaseArchivedEvent","data":{"id":"1","name":"{{{new string('n', 150_000)}}}"}}""";
        var publishing = new PublishFunctions(
            Given.EventTypes(_services.Flaky, _services.Time),
            new AirRequest(_services.Time),
            new EventArchive(_services.Flaky, Given.Protector),
            publisher,
            Rate(),
            _services.Time
        )
            .PublishEvents(
                Requests.Post($"[{big.Replace("ID", "a", StringComparison.Ordinal)},{big.Replace("ID", "b", StringComparison.Ordinal)}]"),
                new TestFunctionContext(new Caller(Given.Actor("producer"), Role.Publish, null), _organization),
                default
            )
            .Reply();
        await Eventually.Until(() => clock.PendingTimers > 0, () => "a call of the client");
        Assert.False(publishing.IsCompleted);

        clock.Advance(TimeSpan.FromSeconds(30));

        var reply = await publishing.WaitAsync(Eventually.Deadline);
        Assert.Equal(503, reply.Status);
        Assert.Equal(["a", "b"], reply.Read<ProblemResult>().Ids!);
        Assert.Equal(1, silent.Begun);
    }

    [Fact]
    public async Task Idempotency_key_is_refused_when_it_is_given_twice()
    {
        var reply = await PublishAsync(Valid, "a", "b");

        Assert.Equal(["is given more than once"], reply.Errors["Idempotency-Key"]);
    }

    [Fact]
    public async Task Events_of_one_request_are_published_in_one_activity()
    {
        await PublishAsync($"[{Valid},{Valid}]");

        var publish = Assert.Single(_traces.Ended);
        Assert.Equal(("publish", 2), (publish.OperationName, publish.GetTagItem("event_subscriptions.count")));
        Assert.All(_services.Receive(QueueNames.Events), message => Assert.Equal(publish.Id, message.ApplicationProperties["traceparent"]));
    }

    private Task<Reply> PublishAsync(string body, params string[] idempotencyKeys)
    {
        var request = Requests.Post(body);
        if (idempotencyKeys.Length > 0)
        {
            request.Headers["Idempotency-Key"] = idempotencyKeys;
        }

        return _function
            .PublishEvents(
                request,
                new TestFunctionContext(new Caller(Given.Actor("producer"), Role.Publish, null), _organization),
                default
            )
            .Reply();
    }
}
