using Azure.Messaging.ServiceBus;
using EventSubscriptions.Queues;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.DependencyInjection;

namespace EventSubscriptions.Deliveries;

/// <summary>Makes one attempt at a delivery per message of the queue <c>deliveries</c>.</summary>
public sealed class DeliverFunction(
    QueueWorker worker,
    DeliveryProcessor processor,
    [FromKeyedServices(QueueNames.Deliveries)] ServiceBusSender deliveries
)
{
    private readonly QueueSource<DeliveryMessage> _source = new(QueueNames.Deliveries, DeliveryMessage.TryParse, deliveries);

    [Function("Deliver")]
    public Task RunAsync(
        [ServiceBusTrigger(QueueNames.Deliveries, Connection = "ServiceBus", AutoCompleteMessages = false)]
            ServiceBusReceivedMessage message,
        ServiceBusMessageActions actions,
        CancellationToken cancellationToken
    ) => worker.RunAsync(_source, message, processor.ProcessAsync, actions, cancellationToken);
}
