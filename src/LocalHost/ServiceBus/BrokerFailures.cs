using Azure.Messaging.ServiceBus;
using LocalHost.Messaging;

namespace LocalHost.ServiceBus;

/// <summary>The broker's failures as the SDK's clients throw them.</summary>
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
