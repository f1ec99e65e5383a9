using Azure.Messaging.ServiceBus;
using LocalHost.Hosting;
using LocalHost.Storage;

namespace LocalHost.ServiceBus;

/// <summary>Peeks the first message of a queue of the broker in this process. Supports nothing else.</summary>
/// <param name="queue">The queue's path.</param>
/// <param name="peek">Peeks the queue. Throws a <see cref="StorageUnavailableException"/> while the database is unavailable.</param>
internal sealed class LocalServiceBusReceiver(string queue, Func<ServiceBusReceivedMessage?> peek) : ServiceBusReceiver
{
    private bool _isClosed;

    public override string FullyQualifiedNamespace => "localhost";

    public override string EntityPath => queue;

    public override string Identifier => queue;

    public override bool IsClosed => _isClosed;

    public override ServiceBusReceiveMode ReceiveMode => ServiceBusReceiveMode.PeekLock;

    public override int PrefetchCount => 0;

    public override Task<ServiceBusReceivedMessage?> PeekMessageAsync(
        long? fromSequenceNumber = null,
        CancellationToken cancellationToken = default
    )
    {
        ObjectDisposedException.ThrowIf(_isClosed, this);
        if (fromSequenceNumber is not 0)
        {
            throw Unsupported.Member();
        }

        try
        {
            return Task.FromResult(peek());
        }
        catch (StorageUnavailableException exception)
        {
            throw BrokerFailures.ToServiceBusException(exception, queue);
        }
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

    public override Task<IReadOnlyList<ServiceBusReceivedMessage>> PeekMessagesAsync(
        int maxMessages,
        long? fromSequenceNumber = null,
        CancellationToken cancellationToken = default
    ) => throw Unsupported.Member();

    public override Task<IReadOnlyList<ServiceBusReceivedMessage>> ReceiveMessagesAsync(
        int maxMessages,
        TimeSpan? maxWaitTime = null,
        CancellationToken cancellationToken = default
    ) => throw Unsupported.Member();

    public override IAsyncEnumerable<ServiceBusReceivedMessage> ReceiveMessagesAsync(CancellationToken cancellationToken = default) =>
        throw Unsupported.Member();

    public override Task<ServiceBusReceivedMessage> ReceiveMessageAsync(
        TimeSpan? maxWaitTime = null,
        CancellationToken cancellationToken = default
    ) => throw Unsupported.Member();

    public override Task CompleteMessageAsync(ServiceBusReceivedMessage message, CancellationToken cancellationToken = default) =>
        throw Unsupported.Member();

    public override Task AbandonMessageAsync(
        ServiceBusReceivedMessage message,
        IDictionary<string, object>? propertiesToModify = null,
        CancellationToken cancellationToken = default
    ) => throw Unsupported.Member();

    public override Task DeadLetterMessageAsync(
        ServiceBusReceivedMessage message,
        IDictionary<string, object>? propertiesToModify = null,
        CancellationToken cancellationToken = default
    ) => throw Unsupported.Member();

    public override Task DeadLetterMessageAsync(
        ServiceBusReceivedMessage message,
        IDictionary<string, object> propertiesToModify,
        string deadLetterReason,
        string? deadLetterErrorDescription = null,
        CancellationToken cancellationToken = default
    ) => throw Unsupported.Member();

    public override Task DeadLetterMessageAsync(
        ServiceBusReceivedMessage message,
        string deadLetterReason,
        string? deadLetterErrorDescription = null,
        CancellationToken cancellationToken = default
    ) => throw Unsupported.Member();

    public override Task DeferMessageAsync(
        ServiceBusReceivedMessage message,
        IDictionary<string, object>? propertiesToModify = null,
        CancellationToken cancellationToken = default
    ) => throw Unsupported.Member();

    public override Task<ServiceBusReceivedMessage> ReceiveDeferredMessageAsync(
        long sequenceNumber,
        CancellationToken cancellationToken = default
    ) => throw Unsupported.Member();

    public override Task<IReadOnlyList<ServiceBusReceivedMessage>> ReceiveDeferredMessagesAsync(
        IEnumerable<long> sequenceNumbers,
        CancellationToken cancellationToken = default
    ) => throw Unsupported.Member();

    public override Task RenewMessageLockAsync(ServiceBusReceivedMessage message, CancellationToken cancellationToken = default) =>
        throw Unsupported.Member();
}
