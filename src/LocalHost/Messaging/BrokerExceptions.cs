namespace LocalHost.Messaging;

/// <summary>The lock has expired, or the message was settled.</summary>
internal sealed class LockLostException(string queue)
    : InvalidOperationException($"The lock of a message in {queue} is invalid. Either it has expired, or the message was already settled.");

/// <summary>A message, its properties or a batch is larger than Service Bus accepts.</summary>
internal sealed class MessageTooLargeException(string message) : InvalidOperationException(message);
