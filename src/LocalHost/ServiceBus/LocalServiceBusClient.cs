using Azure.Messaging.ServiceBus;
using EventSubscriptions.Storage;
using LocalHost.Messaging;
using LocalHost.Storage;

namespace LocalHost.ServiceBus;

/// <summary>Reaches the broker of this process. Only sending is implemented: triggers receive from the broker itself.</summary>
/// <param name="broker">The broker.</param>
/// <param name="space">If it is not enough, new events are refused, while everything that makes room goes on. Null to refuse nothing.</param>
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

    public override ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        return ValueTask.CompletedTask;
    }
}
