using Azure.Messaging.ServiceBus;
using LocalHost.Hosting;
using Microsoft.Azure.Functions.Worker;

namespace LocalHost.ServiceBus;

/// <summary>Settles the messages of one invocation until it ends.</summary>
internal sealed class LocalMessageActions(ServiceBusSettlement settlement) : ServiceBusMessageActions
{
    public override Task CompleteMessageAsync(ServiceBusReceivedMessage message, CancellationToken cancellationToken = default) =>
        settlement.CompleteAsync(message);

    public override Task AbandonMessageAsync(
        ServiceBusReceivedMessage message,
        IDictionary<string, object>? propertiesToModify = default,
        CancellationToken cancellationToken = default
    ) => settlement.AbandonAsync(message, propertiesToModify);

    public override Task DeadLetterMessageAsync(
        ServiceBusReceivedMessage message,
        Dictionary<string, object>? propertiesToModify = default,
        string? deadLetterReason = default,
        string? deadLetterErrorDescription = default,
        CancellationToken cancellationToken = default
    ) => settlement.DeadLetterAsync(message, propertiesToModify, deadLetterReason, deadLetterErrorDescription);

    public override Task DeferMessageAsync(
        ServiceBusReceivedMessage message,
        IDictionary<string, object>? propertiesToModify = default,
        CancellationToken cancellationToken = default
    ) => throw Unsupported.Member();

    public override Task RenewMessageLockAsync(ServiceBusReceivedMessage message, CancellationToken cancellationToken = default) =>
        throw Unsupported.Member();
}
