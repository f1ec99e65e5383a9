using Azure.Messaging.ServiceBus;
using LocalHost.Messaging;

namespace LocalHost.ServiceBus;

/// <summary>Reaches the broker of this process. Only sending is implemented: triggers receive from the broker itself.</summary>
internal sealed partial class LocalServiceBusClient(Broker broker) : ServiceBusClient
{
    public override string FullyQualifiedNamespace => "localhost";

    public override bool IsClosed => false;

    public override string Identifier => "local";

    /// <summary>A sender; whether the queue exists shows when something is sent.</summary>
    public override ServiceBusSender CreateSender(string queueOrTopicName)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(queueOrTopicName);
        return new LocalServiceBusSender(broker, queueOrTopicName);
    }

    public override ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        return ValueTask.CompletedTask;
    }
}
