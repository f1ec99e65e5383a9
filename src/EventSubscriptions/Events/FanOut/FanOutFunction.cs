using Azure.Messaging.ServiceBus;
using EventSubscriptions.Events.Publishing;
using EventSubscriptions.Queues;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.DependencyInjection;

namespace EventSubscriptions.Events.FanOut;

/// <summary>Fans out events from their two queues. Both postpone to <c>fanout</c>, which has duplicate detection.</summary>
public sealed class FanOutFunction(
    QueueWorker worker,
    FanOutProcessor processor,
    [FromKeyedServices(QueueNames.FanOut)] ServiceBusSender fanOut
)
{
    private readonly QueueSource<EventMessage> _events = new(QueueNames.Events, EventMessage.TryParse, fanOut);
    private readonly QueueSource<EventMessage> _copies = new(QueueNames.FanOut, EventMessage.TryParseCopy, fanOut);

    /// <summary>Fans out what producers send.</summary>
    [Function("FanOut")]
    public Task RunAsync(
        [ServiceBusTrigger(QueueNames.Events, Connection = "ServiceBus", IsBatched = true, AutoCompleteMessages = true)]
            ServiceBusReceivedMessage[] messages,
        ServiceBusMessageActions actions,
        CancellationToken cancellationToken
    ) => worker.RunBatchAsync(_events, messages, processor.ProcessAsync, actions, cancellationToken);

    /// <summary>Continues, repeats or requeues the fan-out of earlier events.</summary>
    [Function(nameof(ContinueFanOut))]
    public Task ContinueFanOut(
        [ServiceBusTrigger(QueueNames.FanOut, Connection = "ServiceBus", IsBatched = true, AutoCompleteMessages = true)]
            ServiceBusReceivedMessage[] messages,
        ServiceBusMessageActions actions,
        CancellationToken cancellationToken
    ) => worker.RunBatchAsync(_copies, messages, processor.ProcessAsync, actions, cancellationToken);
}
