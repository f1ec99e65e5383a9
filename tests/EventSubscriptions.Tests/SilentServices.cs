using Azure;
using Azure.Data.Tables;
using Azure.Data.Tables.Models;
using Azure.Messaging.ServiceBus;

namespace EventSubscriptions.Tests;

/// <summary>
/// A Service Bus that accepts connections and then says nothing, and a client that ignores cancellation, as the SDK's does for a minute.
/// </summary>
internal sealed class SilentBus : ServiceBusClient
{
    public override ServiceBusSender CreateSender(string queueOrTopicName) => new SilentSender(queueOrTopicName);

    public override ServiceBusReceiver CreateReceiver(string queueName) => new SilentReceiver();

    private sealed class SilentReceiver : ServiceBusReceiver
    {
        public override Task<ServiceBusReceivedMessage> PeekMessageAsync(
            long? fromSequenceNumber = null,
            CancellationToken cancellationToken = default
        ) => Never.Ends<ServiceBusReceivedMessage>();
    }
}

/// <summary>A sender of such a Service Bus. It counts what was begun.</summary>
internal sealed class SilentSender(string queue = "queue") : ServiceBusSender
{
    public int Begun { get; private set; }

    public CancellationToken Token { get; private set; }

    public override string EntityPath => queue;

    public override Task SendMessageAsync(ServiceBusMessage message, CancellationToken cancellationToken = default) =>
        Begin<bool>(cancellationToken);

    public override Task SendMessagesAsync(IEnumerable<ServiceBusMessage> messages, CancellationToken cancellationToken = default) =>
        Begin<bool>(cancellationToken);

    public override Task SendMessagesAsync(ServiceBusMessageBatch messageBatch, CancellationToken cancellationToken = default) =>
        Begin<bool>(cancellationToken);

    public override ValueTask<ServiceBusMessageBatch> CreateMessageBatchAsync(CancellationToken cancellationToken = default) =>
        new(Begin<ServiceBusMessageBatch>(cancellationToken));

    public override ValueTask<ServiceBusMessageBatch> CreateMessageBatchAsync(
        CreateMessageBatchOptions options,
        CancellationToken cancellationToken = default
    ) => new(Begin<ServiceBusMessageBatch>(cancellationToken));

    public override Task<long> ScheduleMessageAsync(
        ServiceBusMessage message,
        DateTimeOffset scheduledEnqueueTime,
        CancellationToken cancellationToken = default
    ) => Begin<long>(cancellationToken);

    public override Task<IReadOnlyList<long>> ScheduleMessagesAsync(
        IEnumerable<ServiceBusMessage> messages,
        DateTimeOffset scheduledEnqueueTime,
        CancellationToken cancellationToken = default
    ) => Begin<IReadOnlyList<long>>(cancellationToken);

    public override Task CancelScheduledMessageAsync(long sequenceNumber, CancellationToken cancellationToken = default) =>
        Begin<bool>(cancellationToken);

    public override Task CancelScheduledMessagesAsync(IEnumerable<long> sequenceNumbers, CancellationToken cancellationToken = default) =>
        Begin<bool>(cancellationToken);

    public override Task CloseAsync(CancellationToken cancellationToken = default) => Task.CompletedTask;

    private Task<T> Begin<T>(CancellationToken cancellationToken)
    {
        Begun++;
        Token = cancellationToken;
        return Never.Ends<T>();
    }
}

/// <summary>Tables that accept connections and then say nothing.</summary>
internal sealed class SilentTables : TableServiceClient
{
    public override TableClient GetTableClient(string tableName) => new SilentTable();

    private sealed class SilentTable : TableClient
    {
        public override Task<NullableResponse<T>> GetEntityIfExistsAsync<T>(
            string partitionKey,
            string rowKey,
            IEnumerable<string>? select = null,
            CancellationToken cancellationToken = default
        ) => Never.Ends<NullableResponse<T>>();

        public override Task<Response<TableItem>> CreateIfNotExistsAsync(CancellationToken cancellationToken = default) =>
            Never.Ends<Response<TableItem>>();
    }
}

internal static class Never
{
    public static Task<T> Ends<T>() => new TaskCompletionSource<T>().Task;
}
