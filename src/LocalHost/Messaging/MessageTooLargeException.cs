namespace LocalHost.Messaging;

/// <summary>A message, its properties or a batch is larger than Service Bus accepts.</summary>
internal sealed class MessageTooLargeException(string message) : InvalidOperationException(message);
