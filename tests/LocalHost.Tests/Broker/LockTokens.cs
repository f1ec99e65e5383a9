using Azure.Messaging.ServiceBus;

namespace LocalHost.Tests.Messaging;

internal static class LockTokens
{
    extension(ServiceBusReceivedMessage message)
    {
        public Guid LockTokenGuid => Guid.Parse(message.LockToken);
    }
}
