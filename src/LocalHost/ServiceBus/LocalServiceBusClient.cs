using Azure.Messaging.ServiceBus;
using EventSubscriptions.Queues;
using LocalHost.Messaging;
using LocalHost.Storage;

namespace LocalHost.ServiceBus;

/// <summary>
/// Reaches the broker of this process. Only sending and peeking are implemented: triggers receive from the broker itself.
/// </summary>
/// <param name="broker">The broker.</param>
/// <param name="space">If it is not enough, new events are refused, while everything that makes room goes on. Null to refuse
/// nothing.</param>
internal sealed partial class LocalServiceBusClient(Broker broker, FreeSpace? space = null) : ServiceBusClient
{
    public override string FullyQualifiedNamespace => "localhost";

    public override bool IsClosed => false;

    public override string Identifier => "local";

    /// <summary>A sender; whether the queue exists shows when something is sent.</summary>
    public override ServiceBusSender CreateSender(string queueOrTopicName)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(queueOrTopicName);
        return new LocalServiceBusSender(broker, queueOrTopicName, queueOrTopicName == QueueNames.Events ? space : null);
    }

    /// <summary>A receiver that can peek; whether the queue exists shows when it does.</summary>
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
