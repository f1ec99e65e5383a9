using System.Runtime.CompilerServices;
using Azure.Messaging.ServiceBus;
using LocalHost.Hosting;
using LocalHost.Messaging;
using LocalHost.Storage;

namespace LocalHost.ServiceBus;

/// <summary>Sends to a queue of the broker in this process. A send completes when the messages are on disk.</summary>
internal sealed class LocalServiceBusSender(Broker broker, string queue, FreeSpace? space) : ServiceBusSender
{
    // The SDK's batch is sealed and doesn't expose its messages.
    private static readonly ConditionalWeakTable<ServiceBusMessageBatch, OutgoingBatch> s_batches = [];

    private bool _isClosed;

    public override string FullyQualifiedNamespace => "localhost";

    public override string EntityPath => queue;

    public override bool IsClosed => _isClosed;

    public override string Identifier => queue;

    public override async Task SendMessageAsync(ServiceBusMessage message, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(message);
        using var batch = BatchOf([message]);
        await SendAsync(batch, cancellationToken);
    }

    /// <summary>Sends all the messages or none.</summary>
    public override async Task SendMessagesAsync(IEnumerable<ServiceBusMessage> messages, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(messages);
        using var batch = BatchOf(messages);
        await SendAsync(batch, cancellationToken);
    }

    /// <summary>Sends all the messages or none.</summary>
    public override async Task SendMessagesAsync(ServiceBusMessageBatch messageBatch, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(messageBatch);
        if (!s_batches.TryGetValue(messageBatch, out var batch))
        {
            throw new ArgumentException("The batch was created by a different client.", nameof(messageBatch));
        }

        await SendAsync(batch, cancellationToken);
    }

    /// <returns>The message's sequence number until it is due.</returns>
    public override async Task<long> ScheduleMessageAsync(
        ServiceBusMessage message,
        DateTimeOffset scheduledEnqueueTime,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(message);
        message.ScheduledEnqueueTime = scheduledEnqueueTime;
        using var batch = BatchOf([message]);
        return await SendAsync(batch, cancellationToken);
    }

    public override ValueTask<ServiceBusMessageBatch> CreateMessageBatchAsync(CancellationToken cancellationToken = default)
    {
        ObjectDisposedException.ThrowIf(_isClosed, this);
        cancellationToken.ThrowIfCancellationRequested();
        var outgoing = new OutgoingBatch();
        var batch = ServiceBusModelFactory.ServiceBusMessageBatch(
            MessageLimits.Size,
            [],
            tryAddCallback: message => TryAdd(outgoing, message)
        );
        s_batches.Add(batch, outgoing);
        return ValueTask.FromResult(batch);
    }

    public override Task CloseAsync(CancellationToken cancellationToken = default)
    {
        _isClosed = true;
        return Task.CompletedTask;
    }

    public override ValueTask DisposeAsync()
    {
        _isClosed = true;
        GC.SuppressFinalize(this);
        return ValueTask.CompletedTask;
    }

    public override ValueTask<ServiceBusMessageBatch> CreateMessageBatchAsync(
        CreateMessageBatchOptions options,
        CancellationToken cancellationToken = default
    ) => throw Unsupported.Member();

    public override Task<IReadOnlyList<long>> ScheduleMessagesAsync(
        IEnumerable<ServiceBusMessage> messages,
        DateTimeOffset scheduledEnqueueTime,
        CancellationToken cancellationToken = default
    ) => throw Unsupported.Member();

    public override Task CancelScheduledMessageAsync(long sequenceNumber, CancellationToken cancellationToken = default) =>
        throw Unsupported.Member();

    public override Task CancelScheduledMessagesAsync(IEnumerable<long> sequenceNumbers, CancellationToken cancellationToken = default) =>
        throw Unsupported.Member();

    private async ValueTask<long> SendAsync(OutgoingBatch batch, CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(_isClosed, this);
        cancellationToken.ThrowIfCancellationRequested();
        if (!broker.TryGetEntity(queue, out var entity))
        {
            throw new ServiceBusException(
                $"The messaging entity '{queue}' could not be found.",
                ServiceBusFailureReason.MessagingEntityNotFound,
                queue
            );
        }

        if (space is { IsEnough: false })
        {
            throw new ServiceBusException(
                $"The disk has less than {space.Minimum} bytes of free space (LocalHost__MinimumFreeSpace).",
                ServiceBusFailureReason.ServiceBusy,
                queue
            );
        }

        try
        {
            return await entity.SendAsync(batch);
        }
        catch (StorageUnavailableException exception)
        {
            throw BrokerFailures.ToServiceBusException(exception, queue);
        }
    }

    private OutgoingBatch BatchOf(IEnumerable<ServiceBusMessage> messages)
    {
        try
        {
            return OutgoingBatch.Of(messages.Select(Messages.ToNewMessage));
        }
        catch (MessageTooLargeException exception)
        {
            throw BrokerFailures.ToServiceBusException(exception, queue);
        }
    }

    private bool TryAdd(OutgoingBatch batch, ServiceBusMessage message)
    {
        try
        {
            return batch.TryAdd(message.ToNewMessage());
        }
        catch (MessageTooLargeException exception)
        {
            throw BrokerFailures.ToServiceBusException(exception, queue);
        }
    }
}
