using Azure.Messaging.ServiceBus;
using EventSubscriptions.Queues;
using LocalHost.Messaging;
using LocalHost.Storage;

namespace LocalHost.ServiceBus;

/// <summary>
/// The client of the broker in this process. Supports sending and peeking only; triggers receive from the broker directly.
/// </summary>
/// <param name="broker">The broker.</param>
/// <param name="space">While free space is insufficient, new events are rejected and everything else continues. Null to reject
/// nothing.</param>
internal sealed class LocalServiceBusClient(Broker broker, FreeSpace? space = null) : ServiceBusClient
{
    /// <summary>Creates a sender. Sending fails if the queue doesn't exist.</summary>
    public override ServiceBusSender CreateSender(string queueOrTopicName)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(queueOrTopicName);
        return new LocalServiceBusSender(broker, queueOrTopicName, queueOrTopicName == QueueNames.Events ? space : null);
    }

    /// <summary>Creates a receiver that can peek. Peeking fails if the queue doesn't exist.</summary>
    public override ServiceBusReceiver CreateReceiver(string queueName)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(queueName);
        return new LocalServiceBusReceiver(
            queueName,
            () =>
                broker.TryGetQueue(queueName, out var queue)
                    ? queue.Peek()?.ToServiceBusReceivedMessage()
                    : throw new ServiceBusException(
                        $"The messaging entity '{queueName}' could not be found.",
                        ServiceBusFailureReason.MessagingEntityNotFound,
                        queueName
                    )
        );
    }

    public override ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        return ValueTask.CompletedTask;
    }
}
