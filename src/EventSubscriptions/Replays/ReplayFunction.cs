using Azure.Messaging.ServiceBus;
using EventSubscriptions.Queues;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.DependencyInjection;

namespace EventSubscriptions.Replays;

/// <summary>Runs one slice of a replay per message of the queue <c>replays</c>.</summary>
public sealed class ReplayFunction(
    QueueWorker worker,
    ReplayProcessor processor,
    [FromKeyedServices(QueueNames.Replays)] ServiceBusSender replays
)
{
    private readonly QueueSource<ReplayMessage> _source = new(QueueNames.Replays, ReplayMessage.TryParse, replays);

    [Function("Replay")]
    public Task RunAsync(
        [ServiceBusTrigger(QueueNames.Replays, Connection = "ServiceBus", AutoCompleteMessages = false)] ServiceBusReceivedMessage message,
        ServiceBusMessageActions actions,
        CancellationToken cancellationToken
    ) => worker.RunAsync(_source, message, processor.ProcessAsync, actions, cancellationToken);
}
