using Azure.Messaging.ServiceBus;
using LocalHost.Functions;
using LocalHost.Messaging;
using LocalHost.ServiceBus;
using LocalHost.Storage;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Logging;

namespace LocalHost.Triggers;

/// <summary>
/// Invokes a function for the messages of a queue: concurrently with one message each, whose locks are renewed, or, if the trigger is
/// batched, one invocation at a time with all available messages.
/// </summary>
internal sealed partial class ServiceBusListener(
    LocalFunction function,
    BrokerQueue queue,
    ServiceBusOptions options,
    TimeProvider time,
    ILogger<ServiceBusListener> logger
) : TriggerListener
{
    // Limits how long one receive blocks the queue.
    private const int MaxSlotsPerReceive = 64;

    private static readonly TimeSpan s_retryDelay = TimeSpan.FromSeconds(1);

    private readonly bool _isBatched = ((ServiceBusTriggerAttribute)function.Binding).IsBatched;
    private readonly bool _autoComplete = options.AutoCompletes(function.TriggerParameter);
    private readonly SemaphoreSlim _slots = new(options.MaxConcurrentCalls);

    protected override async Task RunAsync()
    {
        await (_isBatched ? RunBatchesAsync() : RunSinglesAsync());
        for (var i = 0; i < options.MaxConcurrentCalls; i++)
        {
            await _slots.WaitAsync();
        }
    }

    private async Task RunSinglesAsync()
    {
        while (await AcquireSlotsAsync() is > 0 and var slots)
        {
            var messages = await ReceiveAsync(slots);
            if (messages.Length < slots)
            {
                _slots.Release(slots - messages.Length);
            }

            foreach (var message in messages)
            {
                _ = Task.Run(() => RunSingleAsync(message), CancellationToken.None);
            }
        }
    }

    private async Task RunBatchesAsync()
    {
        while (!Stopping.IsCancellationRequested)
        {
            var messages = await ReceiveAsync(options.MaxMessageBatchSize);
            if (messages.Length > 0)
            {
                await InvokeAsync(messages, messages);
            }
        }
    }

    /// <returns>The number of slots, or 0 when the listener stops.</returns>
    private async Task<int> AcquireSlotsAsync()
    {
        try
        {
            await _slots.WaitAsync(Stopping);
        }
        catch (OperationCanceledException)
        {
            return 0;
        }

        var slots = 1;
        while (slots < MaxSlotsPerReceive && _slots.Wait(0, CancellationToken.None))
        {
            slots++;
        }

        return slots;
    }

    /// <returns>The messages; none after a failure, or when the listener stops.</returns>
    private async Task<ServiceBusReceivedMessage[]> ReceiveAsync(int max)
    {
        try
        {
            var received = await queue.ReceiveAsync(max, Stopping);
            return [.. received.Select(Messages.ToServiceBusReceivedMessage)];
        }
        catch (OperationCanceledException) when (Stopping.IsCancellationRequested)
        {
            return [];
        }
        catch (Exception exception)
        {
            // The disk may fail for a while: the listener must go on.
            Log.NotReceived(logger, exception, queue.Path);
            await Task.WhenAny(Task.Delay(s_retryDelay, time, Stopping));
            return [];
        }
    }

    private async Task RunSingleAsync(ServiceBusReceivedMessage message)
    {
        try
        {
            var interval = queue.LockDuration / 2;
            var start = time.GetTimestamp();
            await using var renewal = time.CreateTimer(_ => RenewLock(message, start), null, interval, interval);
            await InvokeAsync(message, [message]);
        }
        finally
        {
            _slots.Release();
        }
    }

    private async Task InvokeAsync(object triggerValue, IReadOnlyList<ServiceBusReceivedMessage> messages)
    {
        var actions = new LocalMessageActions(queue, messages);
        var succeeded = false;
        try
        {
            await function.Invoke(triggerValue, new(MessageActions: actions), Aborting);
            succeeded = true;
        }
        catch (Exception)
        {
            // Already logged; the messages are redelivered.
        }

        if (await actions.EndAsync(succeeded, _autoComplete) is var (message, cause))
        {
            Log.NotSettled(logger, cause, message.SequenceNumber, queue.Path, function.Name);
        }
    }

    private void RenewLock(ServiceBusReceivedMessage message, long start)
    {
        if (time.GetElapsedTime(start) > options.MaxAutoLockRenewalDuration)
        {
            return;
        }

        try
        {
            Messages.SetLockedUntil(message, queue.RenewLock(Guid.Parse(message.LockToken)));
        }
        catch (Exception exception) when (exception is LockLostException or StorageUnavailableException)
        {
            // The message was just settled, or the lock is lost and settling it will fail.
        }
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Error, "Could not receive from the queue {Queue}; trying again in a second.")]
        public static partial void NotReceived(ILogger logger, Exception exception, string queue);

        [LoggerMessage(
            LogLevel.Warning,
            "Could not settle message {SequenceNumber} of the queue {Queue} after {Function}; it will be redelivered."
        )]
        public static partial void NotSettled(ILogger logger, Exception exception, long sequenceNumber, string queue, string function);
    }
}
