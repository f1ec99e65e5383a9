namespace Azure.Messaging.ServiceBus;

public sealed class ServiceBusMessageBatch : IDisposable
{
    internal ServiceBusMessageBatch() { }

    public int Count => throw new NotImplementedException();

    public bool TryAddMessage(ServiceBusMessage message) => throw new NotImplementedException();

    public void Dispose() => throw new NotImplementedException();
}
