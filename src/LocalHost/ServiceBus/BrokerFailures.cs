using Azure.Messaging.ServiceBus;
using LocalHost.Messaging;

namespace LocalHost.ServiceBus;

/// <summary>Maps exceptions of the broker to those of the SDK's clients.</summary>
internal static class BrokerFailures
{
    public static ServiceBusException ToServiceBusException(Exception exception, string queue) =>
        new(
            exception.Message,
            exception switch
            {
                LockLostException => ServiceBusFailureReason.MessageLockLost,
                MessageTooLargeException => ServiceBusFailureReason.MessageSizeExceeded,
                _ => ServiceBusFailureReason.ServiceCommunicationProblem,
            },
            queue,
            exception
        );
}
