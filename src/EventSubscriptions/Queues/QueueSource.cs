using System.Diagnostics.CodeAnalysis;
using Azure.Messaging.ServiceBus;

namespace EventSubscriptions.Queues;

/// <summary>A queue that a function reads.</summary>
/// <param name="Queue">Its name.</param>
/// <param name="TryParse">Parses its messages, each once.</param>
/// <param name="PostponeTo">The queue that takes postponed messages: the same one, or another with duplicate detection.</param>
public sealed record QueueSource<TMessage>(string Queue, MessageParser<TMessage> TryParse, ServiceBusSender PostponeTo)
    where TMessage : class, IQueueMessage;

/// <summary>Parses a message, or says why it must be dead-lettered.</summary>
public delegate bool MessageParser<TMessage>(
    ServiceBusReceivedMessage received,
    [NotNullWhen(true)] out TMessage? message,
    [NotNullWhen(false)] out Settlement.DeadLetter? malformed
)
    where TMessage : class, IQueueMessage;
