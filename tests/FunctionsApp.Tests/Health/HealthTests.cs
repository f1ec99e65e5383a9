using Azure;
using Azure.Data.Tables;
using Azure.Messaging.ServiceBus;
using EventSubscriptions.Access;
using EventSubscriptions.Health;
using EventSubscriptions.Tests.Http;
using Microsoft.Extensions.Logging.Abstractions;
using Moq;

namespace EventSubscriptions.Tests.Health;

public sealed class HealthTests
{
    private readonly ManualTimeProvider _clock = new(DateTimeOffset.UnixEpoch);
    private readonly Mock<TableServiceClient> _tables = new();
    private readonly Mock<TableClient> _table = new();
    private readonly Mock<ServiceBusSender> _queue = new();
    private readonly HealthFunctions _functions;

    public HealthTests()
    {
        _tables.Setup(tables => tables.GetTableClient(It.IsAny<string>())).Returns(_table.Object);
        _queue.Setup(queue => queue.CreateMessageBatchAsync(It.IsAny<CancellationToken>())).ThrowsAsync(new ServiceBusException("busy", ServiceBusFailureReason.ServiceBusy));
        _functions = new HealthFunctions(new HealthChecks(_tables.Object, _queue.Object, _clock, NullLogger<HealthChecks>.Instance));
    }

    [Fact]
    public async Task Health_is_503_when_a_queue_cannot_be_reached_and_says_which_to_those_with_a_key()
    {
        var reply = await GetAsync(new TestFunctionContext(new Caller("n", Role.Read, null)));

        Assert.Equal(503, reply.Status);
        Assert.Equal("""{"status":"unhealthy","checks":{"tables":"healthy","queues":"unhealthy"}}""", reply.Body);
    }

    [Fact]
    public async Task Health_says_no_more_than_its_status_to_others() =>
        Assert.Equal("""{"status":"unhealthy"}""", (await GetAsync(new TestFunctionContext())).Body);

    [Fact]
    public async Task Table_is_asked_at_most_every_2_seconds()
    {
        await GetAsync(new TestFunctionContext());
        await GetAsync(new TestFunctionContext());
        _clock.Advance(TimeSpan.FromSeconds(2));
        _table.Setup(table => table.GetEntityIfExistsAsync<TableEntity>(It.IsAny<string>(), It.IsAny<string>(), It.IsAny<IEnumerable<string>>(), It.IsAny<CancellationToken>()))
            .ThrowsAsync(new RequestFailedException(0, "no connection"));

        var reply = await GetAsync(new TestFunctionContext(new Caller("n", Role.Read, null)));

        Assert.Contains("\"tables\":\"unhealthy\"", reply.Body, StringComparison.Ordinal);
        _queue.Verify(queue => queue.CreateMessageBatchAsync(It.IsAny<CancellationToken>()), Times.Exactly(2));
    }

    private Task<Reply> GetAsync(TestFunctionContext context) => _functions.GetHealth(Requests.Get(), context, default).Reply();
}
