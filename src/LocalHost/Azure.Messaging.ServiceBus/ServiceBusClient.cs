using Azure.Core;
using LocalHost;
using LocalHost.Messaging;

namespace Azure.Messaging.ServiceBus;

/// <summary>Reaches the broker that this process runs, named by the connection string <c>EmbeddedBroker=&lt;data folder&gt;</c>.</summary>
public class ServiceBusClient : IAsyncDisposable
{
    private const string Embedded = "EmbeddedBroker=";

    private readonly Lazy<Broker> _broker;

    protected ServiceBusClient() => _broker = new(() => throw new InvalidOperationException("A client made for tests reaches no broker."));

    /// <exception cref="NotSupportedException">The connection string is of another Service Bus.</exception>
    public ServiceBusClient(string connectionString)
    {
        ArgumentException.ThrowIfNullOrEmpty(connectionString);
        if (!connectionString.StartsWith(Embedded, StringComparison.OrdinalIgnoreCase))
        {
            throw new NotSupportedException(
                "The local host reaches only its own broker. Leave the setting ServiceBus out, or build with FunctionsHost=Azure to use Azure Service Bus.");
        }
        var folder = connectionString[Embedded.Length..].Trim().TrimEnd(';');
        _broker = new(() => DataFolder.Find(folder).Broker);
    }

    /// <exception cref="NotSupportedException">Always: this is how Azure Service Bus is reached.</exception>
    public ServiceBusClient(string fullyQualifiedNamespace, TokenCredential credential)
        : this(connectionString: fullyQualifiedNamespace)
    {
        ArgumentNullException.ThrowIfNull(credential);
    }

    internal Broker Broker => _broker.Value;

    /// <summary>A sender; whether the queue exists shows when something is sent.</summary>
    public virtual ServiceBusSender CreateSender(string queueOrTopicName)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(queueOrTopicName);
        return new ServiceBusSender(this, queueOrTopicName);
    }

    public virtual ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        return ValueTask.CompletedTask;
    }
}
