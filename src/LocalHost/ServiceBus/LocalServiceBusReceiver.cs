using Azure.Messaging.ServiceBus;
using LocalHost.Hosting;
using LocalHost.Storage;

namespace LocalHost.ServiceBus;

/// <summary>Peeks the first message of a queue of the broker in this process. Supports nothing else.</summary>
/// <param name="queue">The queue's path.</param>
/// <param name="peek">Peeks the queue. Throws a <see cref="StorageUnavailableException"/> while the database is unavailable.</param>
internal sealed class LocalServiceBusReceiver(string queue, Func<ServiceBusReceivedMessage?> peek) : ServiceBusReceiver
{
    public override Task<ServiceBusReceivedMessage?> PeekMessageAsync(
        long? fromSequenceNumber = null,
        CancellationToken cancellationToken = default
    )
    {
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

    public override ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        return ValueTask.CompletedTask;
    }
}
