using Azure.Messaging.ServiceBus;

namespace EventSubscriptions.Queues;

/// <summary>A message that was parsed and can be postponed. <see cref="object.ToString"/> names it in logs, without its payload.</summary>
public interface IQueueMessage
{
    /// <summary>How often it was postponed.</summary>
    int Postponements { get; }

    /// <summary>
    /// The copy that arrives at the given time and counts one postponement more. Postponing the same message twice makes one copy.
    /// </summary>
    ServiceBusMessage ToPostponed(DateTimeOffset until);
}
