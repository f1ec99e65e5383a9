using LocalHost.Messaging;

namespace Azure.Messaging.ServiceBus;

/// <summary>Messages that fit into one send: at most 256 KB with their properties, and at most 4,500.</summary>
public sealed class ServiceBusMessageBatch : IDisposable
{
    private bool _disposed;

    internal ServiceBusMessageBatch() { }

    public int Count => Content.Messages.Count;

    internal OutgoingBatch Content { get; } = new();

    /// <summary>Adds the message as it is now. False if it doesn't fit.</summary>
    public bool TryAddMessage(ServiceBusMessage message)
    {
        ArgumentNullException.ThrowIfNull(message);
        ObjectDisposedException.ThrowIf(_disposed, this);
        try
        {
            return Content.TryAdd(message.ToNewMessage());
        }
        catch (MessageTooLargeException exception)
        {
            throw ServiceBusException.From(exception);
        }
    }

    public void Dispose()
    {
        _disposed = true;
        Content.Dispose();
    }
}
