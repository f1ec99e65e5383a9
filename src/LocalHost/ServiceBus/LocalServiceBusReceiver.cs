using Azure.Messaging.ServiceBus;
using LocalHost.Hosting;

namespace LocalHost.ServiceBus;

/// <summary>Looks at a queue of this process's broker. Only peeking is implemented, and only at the message that would be received next.</summary>
/// <param name="queue">The queue's path.</param>
/// <param name="peekAsync">The broker's look at the queue. It throws an <see cref="IOException"/> while nothing can be stored.</param>
internal sealed class LocalServiceBusReceiver(string queue, Func<Task<ServiceBusReceivedMessage?>> peekAsync) : ServiceBusReceiver
{
    private bool _isClosed;

    public override string FullyQualifiedNamespace => "localhost";

    public override string EntityPath => queue;

    public override string Identifier => queue;

    public override bool IsClosed => _isClosed;

    public override ServiceBusReceiveMode ReceiveMode => ServiceBusReceiveMode.PeekLock;

    public override int PrefetchCount => 0;

    public override async Task<ServiceBusReceivedMessage?> PeekMessageAsync(long? fromSequenceNumber = null, CancellationToken cancellationToken = default)
    {
        ObjectDisposedException.ThrowIf(_isClosed, this);
        if (fromSequenceNumber is not 0)
        {
            throw Unsupported.Member();
        }

        try
        {
            return await peekAsync().WaitAsync(cancellationToken);
        }
        catch (IOException exception)
        {
            throw new ServiceBusException(exception.Message, ServiceBusFailureReason.ServiceCommunicationProblem, queue, exception);
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
        int maxMessages, long? fromSequenceNumber = null, CancellationToken cancellationToken = default) => throw Unsupported.Member();

    public override Task<IReadOnlyList<ServiceBusReceivedMessage>> ReceiveMessagesAsync(
        int maxMessages, TimeSpan? maxWaitTime = null, CancellationToken cancellationToken = default) => throw Unsupported.Member();

    public override IAsyncEnumerable<ServiceBusReceivedMessage> ReceiveMessagesAsync(CancellationToken cancellationToken = default) => throw Unsupported.Member();

    public override Task<ServiceBusReceivedMessage> ReceiveMessageAsync(TimeSpan? maxWaitTime = null, CancellationToken cancellationToken = default) =>
        throw Unsupported.Member();

    public override Task CompleteMessageAsync(ServiceBusReceivedMessage message, CancellationToken cancellationToken = default) => throw Unsupported.Member();

    public override Task AbandonMessageAsync(
        ServiceBusReceivedMessage message, IDictionary<string, object>? propertiesToModify = null, CancellationToken cancellationToken = default) =>
        throw Unsupported.Member();

    public override Task DeadLetterMessageAsync(
        ServiceBusReceivedMessage message, IDictionary<string, object>? propertiesToModify = null, CancellationToken cancellationToken = default) =>
        throw Unsupported.Member();

    public override Task DeadLetterMessageAsync(
        ServiceBusReceivedMessage message, IDictionary<string, object> propertiesToModify, string deadLetterReason,
        string? deadLetterErrorDescription = null, CancellationToken cancellationToken = default) => throw Unsupported.Member();

    public override Task DeadLetterMessageAsync(
        ServiceBusReceivedMessage message, string deadLetterReason, string? deadLetterErrorDescription = null, CancellationToken cancellationToken = default) =>
        throw Unsupported.Member();

    public override Task DeferMessageAsync(
        ServiceBusReceivedMessage message, IDictionary<string, object>? propertiesToModify = null, CancellationToken cancellationToken = default) =>
        throw Unsupported.Member();

    public override Task<ServiceBusReceivedMessage> ReceiveDeferredMessageAsync(long sequenceNumber, CancellationToken cancellationToken = default) =>
        throw Unsupported.Member();

    public override Task<IReadOnlyList<ServiceBusReceivedMessage>> ReceiveDeferredMessagesAsync(
        IEnumerable<long> sequenceNumbers, CancellationToken cancellationToken = default) => throw Unsupported.Member();

    public override Task RenewMessageLockAsync(ServiceBusReceivedMessage message, CancellationToken cancellationToken = default) => throw Unsupported.Member();
}
