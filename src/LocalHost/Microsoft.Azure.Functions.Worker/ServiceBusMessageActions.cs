using Azure.Messaging.ServiceBus;
using LocalHost.Triggers;

namespace Microsoft.Azure.Functions.Worker;

/// <summary>Settles the messages of the invocation it is bound to, while that lasts.</summary>
public class ServiceBusMessageActions
{
    private readonly ServiceBusSettlement? _settlement;

    /// <summary>For mocks, which override what they use.</summary>
    protected ServiceBusMessageActions() { }

    internal ServiceBusMessageActions(ServiceBusSettlement settlement) => _settlement = settlement;

    public virtual Task CompleteMessageAsync(ServiceBusReceivedMessage message, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(message);
        return _settlement!.CompleteAsync(message);
    }

    public virtual Task AbandonMessageAsync(
        ServiceBusReceivedMessage message, IDictionary<string, object>? propertiesToModify = default, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(message);
        return _settlement!.AbandonAsync(message, propertiesToModify);
    }

    public virtual Task DeadLetterMessageAsync(
        ServiceBusReceivedMessage message,
        Dictionary<string, object>? propertiesToModify = default,
        string? deadLetterReason = default,
        string? deadLetterErrorDescription = default,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(message);
        return _settlement!.DeadLetterAsync(message, propertiesToModify, deadLetterReason, deadLetterErrorDescription);
    }
}
