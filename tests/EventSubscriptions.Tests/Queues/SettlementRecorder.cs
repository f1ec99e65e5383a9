using System.Collections.Concurrent;
using Azure.Messaging.ServiceBus;
using EventSubscriptions.Queues;
using Microsoft.Azure.Functions.Worker;

namespace EventSubscriptions.Tests.Queues;

/// <summary>Remembers how messages were settled.</summary>
internal sealed class SettlementRecorder : ServiceBusMessageActions
{
    private static readonly Settlement s_abandoned = new Settlement.Retry(new InvalidOperationException("Abandoned."));

    private readonly ConcurrentDictionary<ServiceBusReceivedMessage, Settlement> _settlements = [];

    /// <summary>Completed if nothing else was asked for, as with automatic completion.</summary>
    public Settlement SettlementOf(ServiceBusReceivedMessage message) => _settlements.GetValueOrDefault(message, Settlement.Completed);

    public override Task CompleteMessageAsync(ServiceBusReceivedMessage message, CancellationToken cancellationToken = default) =>
        SettleAsync(message, Settlement.Completed);

    public override Task AbandonMessageAsync(
        ServiceBusReceivedMessage message,
        IDictionary<string, object>? propertiesToModify = default,
        CancellationToken cancellationToken = default
    ) => SettleAsync(message, s_abandoned);

    public override Task DeadLetterMessageAsync(
        ServiceBusReceivedMessage message,
        Dictionary<string, object>? propertiesToModify = default,
        string? deadLetterReason = default,
        string? deadLetterErrorDescription = default,
        CancellationToken cancellationToken = default
    ) => SettleAsync(message, new Settlement.DeadLetter(Enum.Parse<DeadLetterReason>(deadLetterReason!), deadLetterErrorDescription!));

    private Task SettleAsync(ServiceBusReceivedMessage message, Settlement settlement)
    {
        _settlements[message] = settlement;
        return Task.CompletedTask;
    }
}
