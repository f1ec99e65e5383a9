using System.Net;
using System.Net.Sockets;
using Azure.Messaging.ServiceBus;
using EventSubscriptions.Queues;

namespace EventSubscriptions.Tests.Queues;

public sealed class BatchedSenderTests
{
    /// <summary>A batch holds one of these.</summary>
    private static ServiceBusMessage Large => new(new byte[150_000]);

    [Theory]
    [InlineData(nameof(ServiceBusFailureReason.ServiceTimeout), 1)]
    [InlineData(nameof(ServiceBusFailureReason.ServiceCommunicationProblem), 1)]
    [InlineData(nameof(ServiceBusFailureReason.ServiceBusy), 4)]
    public async Task Remaining_messages_fail_at_once_when_Service_Bus_is_unreachable(string reason, int tried)
    {
        using var services = await LocalServices.StartAsync();
        services.Events.Failure = new ServiceBusException("no", Enum.Parse<ServiceBusFailureReason>(reason));
        using var batches = new BatchedSender<string>(services.Events, parallelism: 1);
        foreach (var owner in (string[])["a", "b", "c", "d"])
        {
            await batches.AddAsync(owner, Large, default);
        }

        var failures = await batches.FinishAsync(default);

        Assert.Equal(["a", "b", "c", "d"], failures.Keys.Order(StringComparer.Ordinal));
        Assert.All(failures.Values, failure => Assert.Same(services.Events.Failure, failure));
        Assert.Equal(tried, -services.Events.Allowed);
    }

    [Fact]
    public async Task Client_is_called_once_when_it_cannot_create_a_batch()
    {
        var (clock, silent) = (new TestClock(), new SilentSender());
        using var batches = new BatchedSender<string>(new TimedSender(silent, clock), parallelism: 1);
        var first = batches.AddAsync("a", Large, default).AsTask();
        clock.Advance(TimedSender.Limit);
        await first.WaitAsync(Eventually.Deadline);

        await batches.AddAsync("b", Large, default).AsTask().WaitAsync(Eventually.Deadline);

        Assert.Equal(["a", "b"], (await batches.FinishAsync(default)).Keys.Order(StringComparer.Ordinal));
        Assert.Equal(1, silent.Begun);
    }

    /// <summary>The real client, which refuses to dispose a batch that it is still sending.</summary>
    [Fact]
    public async Task Messages_fail_when_their_batch_is_not_sent_in_time()
    {
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        await using var client = new ServiceBusClient(
            $"Endpoint=sb://{silent.LocalEndpoint};SharedAccessKeyName=n;SharedAccessKey=k;UseDevelopmentEmulator=true;"
        );
        var clock = new TestClock();
        using var batches = new BatchedSender<string>(
            new TimedSender(new BatchesWithoutConnection(client.CreateSender("events")), clock),
            parallelism: 1
        );
        await batches.AddAsync("a", Large, default);
        var finishing = batches.FinishAsync(default);
        Assert.False(finishing.IsCompleted);

        clock.Advance(TimedSender.Limit);

        var failure = Assert.IsType<ServiceBusException>((await finishing.WaitAsync(Eventually.Deadline))["a"]);
        Assert.Equal(ServiceBusFailureReason.ServiceTimeout, failure.Reason);
    }

    private sealed class BatchesWithoutConnection(ServiceBusSender inner) : ServiceBusSender
    {
        public override string EntityPath => inner.EntityPath;

        public override ValueTask<ServiceBusMessageBatch> CreateMessageBatchAsync(CancellationToken cancellationToken = default) =>
            new(ServiceBusModelFactory.ServiceBusMessageBatch(200_000, []));

        public override Task SendMessagesAsync(ServiceBusMessageBatch messageBatch, CancellationToken cancellationToken = default) =>
            inner.SendMessagesAsync(messageBatch, cancellationToken);
    }
}
