using Azure.Messaging.ServiceBus;

namespace EventSubscriptions.Queues;

/// <summary>
/// A sender whose calls end within 30 s, and at once when they are cancelled. The SDK's react to cancellation late: a Service Bus that
/// accepts connections and then stays silent blocks them for a minute.
/// </summary>
/// <remarks>An abandoned call may still succeed, as after any timeout. Message ids make repeating it harmless.</remarks>
internal sealed class TimedSender(ServiceBusSender inner, TimeProvider time) : ServiceBusSender
{
    /// <summary>The time limit of a call.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    public override string FullyQualifiedNamespace => inner.FullyQualifiedNamespace;

    public override string EntityPath => inner.EntityPath;

    public override bool IsClosed => inner.IsClosed;

    public override string Identifier => inner.Identifier;

    public override Task SendMessageAsync(ServiceBusMessage message, CancellationToken cancellationToken = default) =>
        LimitAsync(token => inner.SendMessageAsync(message, token), cancellationToken);

    public override Task SendMessagesAsync(IEnumerable<ServiceBusMessage> messages, CancellationToken cancellationToken = default) =>
        LimitAsync(token => inner.SendMessagesAsync(messages, token), cancellationToken);

    public override Task SendMessagesAsync(ServiceBusMessageBatch messageBatch, CancellationToken cancellationToken = default) =>
        LimitAsync(token => inner.SendMessagesAsync(messageBatch, token), cancellationToken);

    public override async ValueTask<ServiceBusMessageBatch> CreateMessageBatchAsync(CancellationToken cancellationToken = default) =>
        await LimitAsync(token => inner.CreateMessageBatchAsync(token).AsTask(), cancellationToken);

    public override async ValueTask<ServiceBusMessageBatch> CreateMessageBatchAsync(
        CreateMessageBatchOptions options,
        CancellationToken cancellationToken = default
    ) => await LimitAsync(token => inner.CreateMessageBatchAsync(options, token).AsTask(), cancellationToken);

    public override Task<long> ScheduleMessageAsync(
        ServiceBusMessage message,
        DateTimeOffset scheduledEnqueueTime,
        CancellationToken cancellationToken = default
    ) => LimitAsync(token => inner.ScheduleMessageAsync(message, scheduledEnqueueTime, token), cancellationToken);

    public override Task<IReadOnlyList<long>> ScheduleMessagesAsync(
        IEnumerable<ServiceBusMessage> messages,
        DateTimeOffset scheduledEnqueueTime,
        CancellationToken cancellationToken = default
    ) => LimitAsync(token => inner.ScheduleMessagesAsync(messages, scheduledEnqueueTime, token), cancellationToken);

    public override Task CancelScheduledMessageAsync(long sequenceNumber, CancellationToken cancellationToken = default) =>
        LimitAsync(token => inner.CancelScheduledMessageAsync(sequenceNumber, token), cancellationToken);

    public override Task CancelScheduledMessagesAsync(IEnumerable<long> sequenceNumbers, CancellationToken cancellationToken = default) =>
        LimitAsync(token => inner.CancelScheduledMessagesAsync(sequenceNumbers, token), cancellationToken);

    /// <summary>Disposal calls this too.</summary>
    public override Task CloseAsync(CancellationToken cancellationToken = default) => inner.CloseAsync(cancellationToken);

    private Task<bool> LimitAsync(Func<CancellationToken, Task> call, CancellationToken cancellationToken) =>
        LimitAsync(
            async token =>
            {
                await call(token);
                return true;
            },
            cancellationToken
        );

    private async Task<T> LimitAsync<T>(Func<CancellationToken, Task<T>> call, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(Limit, time);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            return await call(linked.Token).WaitAsync(linked.Token);
        }
        catch (OperationCanceledException exception) when (limit.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new ServiceBusException(
                $"Service Bus did not respond within {Limit.TotalSeconds} s.",
                ServiceBusFailureReason.ServiceTimeout,
                EntityPath,
                exception
            );
        }
    }
}
