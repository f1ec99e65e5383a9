using LocalHost.Messaging;
using LocalHost.Storage;

namespace Azure.Messaging.ServiceBus;

public class ServiceBusSender : IAsyncDisposable
{
    private readonly ServiceBusClient? _client;
    private readonly string _queue = "";
    private bool _disposed;

    protected ServiceBusSender() { }

    internal ServiceBusSender(ServiceBusClient client, string queue)
    {
        _client = client;
        _queue = queue;
    }

    public virtual async Task SendMessageAsync(ServiceBusMessage message, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(message);
        using var batch = BatchOf(message);
        await SendAsync(batch, cancellationToken);
    }

    /// <summary>Sends all the messages or none.</summary>
    public virtual async Task SendMessagesAsync(ServiceBusMessageBatch messageBatch, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(messageBatch);
        await SendAsync(messageBatch.Content, cancellationToken);
    }

    /// <returns>The message's sequence number until it is due.</returns>
    public virtual async Task<long> ScheduleMessageAsync(
        ServiceBusMessage message, DateTimeOffset scheduledEnqueueTime, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(message);
        message.ScheduledEnqueueTime = scheduledEnqueueTime;
        using var batch = BatchOf(message);
        return await SendAsync(batch, cancellationToken);
    }

    public virtual ValueTask<ServiceBusMessageBatch> CreateMessageBatchAsync(CancellationToken cancellationToken = default)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        cancellationToken.ThrowIfCancellationRequested();
        return ValueTask.FromResult(new ServiceBusMessageBatch());
    }

    public virtual ValueTask DisposeAsync()
    {
        _disposed = true;
        GC.SuppressFinalize(this);
        return ValueTask.CompletedTask;
    }

    private async ValueTask<long> SendAsync(OutgoingBatch batch, CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        cancellationToken.ThrowIfCancellationRequested();
        if (!_client!.Broker.TryGetEntity(_queue, out var entity))
            throw new ServiceBusException($"The messaging entity '{_queue}' could not be found.", ServiceBusFailureReason.MessagingEntityNotFound, _queue);
        try
        {
            return await entity.SendAsync(batch);
        }
        catch (StorageUnavailableException exception)
        {
            throw ServiceBusException.From(exception, _queue);
        }
    }

    private static OutgoingBatch BatchOf(ServiceBusMessage message)
    {
        try
        {
            return OutgoingBatch.Of(message.ToNewMessage());
        }
        catch (MessageTooLargeException exception)
        {
            throw ServiceBusException.From(exception);
        }
    }
}
