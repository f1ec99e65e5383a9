using System.Collections.Concurrent;
using Azure.Messaging.ServiceBus;
using LocalHost.Messaging;
using LocalHost.Storage;
using Microsoft.Azure.Functions.Worker;

namespace LocalHost.ServiceBus;

/// <summary>
/// Settles the messages of one invocation: those that the function settles, and the rest when it ends. After that, none can be settled.
/// </summary>
internal sealed class LocalMessageActions(BrokerQueue queue, IReadOnlyList<ServiceBusReceivedMessage> messages) : ServiceBusMessageActions
{
    private readonly ConcurrentDictionary<Guid, bool> _settled = new();
    private volatile bool _ended;

    public override Task CompleteMessageAsync(ServiceBusReceivedMessage message, CancellationToken cancellationToken = default) =>
        SettleAsync(message, queue.CompleteAsync);

    public override Task AbandonMessageAsync(
        ServiceBusReceivedMessage message,
        IDictionary<string, object>? propertiesToModify = default,
        CancellationToken cancellationToken = default
    ) => SettleAsync(message, token => queue.AbandonAsync(token, propertiesToModify));

    public override Task DeadLetterMessageAsync(
        ServiceBusReceivedMessage message,
        Dictionary<string, object>? propertiesToModify = default,
        string? deadLetterReason = default,
        string? deadLetterErrorDescription = default,
        CancellationToken cancellationToken = default
    ) => SettleAsync(message, token => queue.DeadLetterAsync(token, deadLetterReason, deadLetterErrorDescription, propertiesToModify));

    /// <summary>
    /// Ends the invocation. Messages that the function didn't settle are abandoned if it failed, and otherwise completed, unless automatic
    /// completion is off: then they stay locked until their lock expires.
    /// </summary>
    /// <returns>The first message that could not be settled, and the cause.</returns>
    public async Task<(ServiceBusReceivedMessage Message, Exception Cause)?> EndAsync(bool succeeded, bool autoComplete)
    {
        _ended = true;
        if (succeeded && !autoComplete)
        {
            return null;
        }

        // Started together, so that they share a write.
        var settling = messages
            .Where(message => !_settled.ContainsKey(LockTokenOf(message)))
            .Select(message => (message, task: EndAsync(message, succeeded)))
            .ToArray();
        (ServiceBusReceivedMessage, Exception)? failure = null;
        foreach (var (message, task) in settling)
        {
            if (await task is { } cause)
            {
                failure ??= (message, cause);
            }
        }

        return failure;
    }

    private async Task<Exception?> EndAsync(ServiceBusReceivedMessage message, bool succeeded)
    {
        try
        {
            await (succeeded ? queue.CompleteAsync(LockTokenOf(message)) : queue.AbandonAsync(LockTokenOf(message)));
            return null;
        }
        catch (Exception exception) when (exception is LockLostException or StorageUnavailableException or ObjectDisposedException)
        {
            return exception;
        }
    }

    private async Task SettleAsync(ServiceBusReceivedMessage message, Func<Guid, ValueTask> settle)
    {
        if (_ended)
        {
            throw new InvalidOperationException(
                "The invocation has ended, so its messages can't be settled any more. Await all settlements in the function."
            );
        }

        var token = LockTokenOf(message);
        try
        {
            await settle(token);
        }
        catch (Exception exception) when (exception is LockLostException or StorageUnavailableException)
        {
            throw BrokerFailures.ToServiceBusException(exception, queue.Path);
        }

        _settled[token] = true;
    }

    private static Guid LockTokenOf(ServiceBusReceivedMessage message) => Guid.Parse(message.LockToken);
}
