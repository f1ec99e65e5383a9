using LocalHost.Messaging;
using LocalHost.Storage;

namespace Azure.Messaging.ServiceBus;

public class ServiceBusException : Exception
{
    public ServiceBusException(string message, ServiceBusFailureReason reason, string? entityPath = null, Exception? innerException = null)
        : base(message, innerException)
    {
        Reason = reason;
        IsTransient = reason is ServiceBusFailureReason.ServiceBusy or ServiceBusFailureReason.ServiceTimeout
            or ServiceBusFailureReason.ServiceCommunicationProblem;
    }

    internal static ServiceBusException From(MessageTooLargeException exception) =>
        new(exception.Message, ServiceBusFailureReason.MessageSizeExceeded, innerException: exception);

    internal static ServiceBusException From(LockLostException exception, string queue) =>
        new(exception.Message, ServiceBusFailureReason.MessageLockLost, queue, exception);

    internal static ServiceBusException From(StorageUnavailableException exception, string queue) =>
        new(exception.Message, ServiceBusFailureReason.ServiceCommunicationProblem, queue, exception);

    public ServiceBusFailureReason Reason { get; }

    public bool IsTransient { get; }
}

public enum ServiceBusFailureReason
{
    GeneralError = 0,
    MessagingEntityNotFound = 1,
    MessageLockLost = 2,
    MessageNotFound = 3,
    MessageSizeExceeded = 4,
    MessagingEntityDisabled = 5,
    QuotaExceeded = 6,
    ServiceBusy = 7,
    ServiceTimeout = 8,
    ServiceCommunicationProblem = 9,
    SessionCannotBeLocked = 10,
    SessionLockLost = 11,
    MessagingEntityAlreadyExists = 12,
}
