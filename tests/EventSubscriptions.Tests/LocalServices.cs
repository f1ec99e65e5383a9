using Azure.Data.Tables;
using Azure.Messaging.ServiceBus;
using EventSubscriptions.Queues;
using EventSubscriptions.Storage;
using LocalHost;
using LocalHost.ServiceBus;
using LocalHost.Tables;

namespace EventSubscriptions.Tests;

/// <summary>
/// Real queues and tables in a folder of a test's own, on a clock that it moves. What is sent and stored can be made to fail.
/// </summary>
internal sealed class LocalServices : IDisposable
{
    private readonly string _path = Directory.CreateTempSubdirectory("app-tests-").FullName;
    private readonly DataFolder _folder;

    private LocalServices()
    {
        _folder = DataFolder.Open(_path, Time);
        Bus = new LocalServiceBusClient(_folder.Broker);
        Events = new FlakySender(Bus.CreateSender(QueueNames.Events));
        FanOut = new FlakySender(Bus.CreateSender(QueueNames.FanOut));
        Deliveries = new FlakySender(Bus.CreateSender(QueueNames.Deliveries));
        Replays = new FlakySender(Bus.CreateSender(QueueNames.Replays));
    }

    public TestClock Time { get; } = new(new DateTimeOffset(2026, 1, 31, 10, 0, 0, TimeSpan.Zero));

    public ServiceBusClient Bus { get; }

    public FlakySender Events { get; }

    public FlakySender FanOut { get; }

    public FlakySender Deliveries { get; }

    public FlakySender Replays { get; }

    /// <summary>The tables as they are.</summary>
    public TableServiceClient Tables { get; private set; } = null!;

    /// <summary>The tables as the subject of a test sees them.</summary>
    public FlakyTables Flaky { get; private set; } = null!;

    public static async Task<LocalServices> StartAsync()
    {
        var services = new LocalServices();
        services.Tables = new LocalTableServiceClient(services._folder.Tables);
        foreach (var name in TableNames.All)
        {
            await services.Tables.GetTableClient(name).CreateIfNotExistsAsync();
        }

        services.Flaky = new FlakyTables(services.Tables);
        return services;
    }

    /// <summary>What can be received from a queue now. It stays locked.</summary>
    public IReadOnlyList<ServiceBusReceivedMessage> Receive(string queue) =>
        [.. _folder.Broker.GetQueue(queue).Receive(100_000).Select(Messages.ToServiceBusReceivedMessage)];

    /// <summary>The message that is, or is about to be, on a queue.</summary>
    public async Task<ServiceBusReceivedMessage> ReceiveOneAsync(string queue)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        return Assert.Single(await _folder.Broker.GetQueue(queue).ReceiveAsync(100_000, patience.Token)).ToServiceBusReceivedMessage();
    }

    public void Dispose()
    {
        _folder.Dispose();
        Directory.Delete(_path, recursive: true);
    }
}

/// <summary>A sender that throws what it is told to.</summary>
internal sealed class FlakySender(ServiceBusSender inner) : ServiceBusSender
{
    /// <summary>Thrown by every send, where it is set.</summary>
    public Exception? Failure { get; set; }

    /// <summary>How many sends succeed before <see cref="Failure"/> is thrown.</summary>
    public int Allowed { get; set; }

    public override Task SendMessageAsync(ServiceBusMessage message, CancellationToken cancellationToken = default) =>
        Fails() ? Task.FromException(Failure!) : inner.SendMessageAsync(message, cancellationToken);

    public override Task SendMessagesAsync(ServiceBusMessageBatch messageBatch, CancellationToken cancellationToken = default) =>
        Fails() ? Task.FromException(Failure!) : inner.SendMessagesAsync(messageBatch, cancellationToken);

    public override Task<long> ScheduleMessageAsync(
        ServiceBusMessage message,
        DateTimeOffset scheduledEnqueueTime,
        CancellationToken cancellationToken = default
    ) => Fails() ? Task.FromException<long>(Failure!) : inner.ScheduleMessageAsync(message, scheduledEnqueueTime, cancellationToken);

    public override ValueTask<ServiceBusMessageBatch> CreateMessageBatchAsync(CancellationToken cancellationToken = default) =>
        inner.CreateMessageBatchAsync(cancellationToken);

    public override Task CloseAsync(CancellationToken cancellationToken = default) => inner.CloseAsync(cancellationToken);

    private bool Fails() => Failure is not null && Allowed-- <= 0;
}

/// <summary>Tables that throw what they are told to.</summary>
internal sealed class FlakyTables(TableServiceClient inner) : TableServiceClient
{
    /// <summary>What using a partition of a table throws, or null.</summary>
    public Func<string, string, Exception?> Failure { get; set; } = (_, _) => null;

    public override TableClient GetTableClient(string tableName) =>
        new FlakyTable(inner.GetTableClient(tableName), partition => Failure(tableName, partition));

    private sealed class FlakyTable(TableClient inner, Func<string, Exception?> failure) : TableClient
    {
        public override async Task<Azure.NullableResponse<T>> GetEntityIfExistsAsync<T>(
            string partitionKey,
            string rowKey,
            IEnumerable<string>? select = null,
            CancellationToken cancellationToken = default
        )
        {
            Check(partitionKey);
            return await inner.GetEntityIfExistsAsync<T>(partitionKey, rowKey, select, cancellationToken);
        }

        public override Azure.AsyncPageable<T> QueryAsync<T>(
            string? filter = null,
            int? maxPerPage = null,
            IEnumerable<string>? select = null,
            CancellationToken cancellationToken = default
        ) => inner.QueryAsync<T>(filter, maxPerPage, select, cancellationToken);

        public override async Task<Azure.Response> AddEntityAsync<T>(T entity, CancellationToken cancellationToken = default)
        {
            Check(entity.PartitionKey);
            return await inner.AddEntityAsync(entity, cancellationToken);
        }

        public override async Task<Azure.Response> UpsertEntityAsync<T>(
            T entity,
            TableUpdateMode mode = TableUpdateMode.Merge,
            CancellationToken cancellationToken = default
        )
        {
            Check(entity.PartitionKey);
            return await inner.UpsertEntityAsync(entity, mode, cancellationToken);
        }

        public override async Task<Azure.Response> UpdateEntityAsync<T>(
            T entity,
            Azure.ETag ifMatch,
            TableUpdateMode mode = TableUpdateMode.Merge,
            CancellationToken cancellationToken = default
        )
        {
            Check(entity.PartitionKey);
            return await inner.UpdateEntityAsync(entity, ifMatch, mode, cancellationToken);
        }

        public override async Task<Azure.Response> DeleteEntityAsync(
            string partitionKey,
            string rowKey,
            Azure.ETag ifMatch = default,
            CancellationToken cancellationToken = default
        )
        {
            Check(partitionKey);
            return await inner.DeleteEntityAsync(partitionKey, rowKey, ifMatch, cancellationToken);
        }

        public override async Task<Azure.Response<IReadOnlyList<Azure.Response>>> SubmitTransactionAsync(
            IEnumerable<TableTransactionAction> transactionActions,
            CancellationToken cancellationToken = default
        )
        {
            var actions = transactionActions.ToList();
            Check(actions[0].Entity.PartitionKey);
            return await inner.SubmitTransactionAsync(actions, cancellationToken);
        }

        private void Check(string partition)
        {
            if (failure(partition) is { } exception)
            {
                throw exception;
            }
        }
    }
}
