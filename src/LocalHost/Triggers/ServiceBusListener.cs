using Azure.Messaging.ServiceBus;
using LocalHost.Messaging;
using LocalHost.ServiceBus;
using LocalHost.Storage;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Logging;

namespace LocalHost.Triggers;

/// <summary>
/// Runs a function for the messages of a queue: one message an invocation, many invocations at once, the locks kept renewed; or, where the
/// trigger is batched, one invocation at a time with as many messages as there are.
/// </summary>
internal sealed partial class ServiceBusListener(
    LocalFunction function,
    BrokerQueue queue,
    ServiceBusOptions options,
    TimeProvider time,
    ILogger<ServiceBusListener> logger
) : TriggerListener
{
    // One taker should not hold up the queue for long.
    private const int MostAtOnce = 64;

    private static readonly TimeSpan PauseAfterFailure = TimeSpan.FromSeconds(1);

    private readonly bool _isBatched = ((ServiceBusTriggerAttribute)function.Binding).IsBatched;
    private readonly bool _completes = options.CompletesMessages(function.TriggerParameter);
    private readonly SemaphoreSlim _slots = new(options.MaxConcurrentCalls);
    private readonly CancellationTokenSource _stopping = new();
    private readonly CancellationTokenSource _abandoning = new();
    private Task _receiving = Task.CompletedTask;

    public override Task StartAsync(CancellationToken cancellationToken)
    {
        _receiving = Task.Run(_isBatched ? ReceiveBatchesAsync : ReceiveSinglesAsync, CancellationToken.None);
        return Task.CompletedTask;
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await _stopping.CancelAsync();
        try
        {
            await _receiving.WaitAsync(cancellationToken);
            for (var i = 0; i < options.MaxConcurrentCalls; i++)
            {
                await _slots.WaitAsync(cancellationToken);
            }
        }
        catch (OperationCanceledException)
        {
            await _abandoning.CancelAsync();
            throw;
        }
    }

    public override void Dispose()
    {
        _stopping.Dispose();
        _abandoning.Dispose();
        base.Dispose();
    }

    private async Task ReceiveSinglesAsync()
    {
        while (await ReceiveAsync(WaitForSlotsAsync) is { } received)
        {
            FreeSlots(received.Wanted - received.Messages.Count);
            foreach (var message in received.Messages)
            {
                _ = Task.Run(() => RunSingleAsync(message), CancellationToken.None);
            }
        }
    }

    private async Task ReceiveBatchesAsync()
    {
        while (await ReceiveAsync(() => Task.FromResult(options.MaxMessageBatchSize)) is { } received)
        {
            if (received.Messages.Count > 0)
            {
                await InvokeAsync(received.Messages.ToArray(), received.Messages);
            }
        }
    }

    /// <summary>What came, and how much was wanted; null when it is time to stop.</summary>
    private async Task<Received?> ReceiveAsync(Func<Task<int>> wants)
    {
        var wanted = 0;
        try
        {
            wanted = await wants();
            var received = await queue.ReceiveAsync(wanted, _stopping.Token);
            return new([.. received.Select(Messages.ToServiceBusReceivedMessage)], wanted);
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            if (!_isBatched)
            {
                FreeSlots(wanted);
            }

            return null;
        }
        catch (Exception exception)
        {
            // The queue is on disk, and disks fail; nothing that comes later may be missed for it.
            Log.NotReceived(logger, exception, queue.Path);
            await Task.WhenAny(Task.Delay(PauseAfterFailure, time, _stopping.Token));
            return new([], wanted);
        }
    }

    private async Task<int> WaitForSlotsAsync()
    {
        await _slots.WaitAsync(_stopping.Token);
        var slots = 1;
        while (slots < MostAtOnce && _slots.Wait(0, CancellationToken.None))
        {
            slots++;
        }

        return slots;
    }

    private void FreeSlots(int count)
    {
        if (count > 0)
        {
            _slots.Release(count);
        }
    }

    private async Task RunSingleAsync(ServiceBusReceivedMessage message)
    {
        try
        {
            var interval = queue.LockDuration / 2;
            var start = time.GetTimestamp();
            await using var renewal = time.CreateTimer(_ => Renew(message, start), null, interval, interval);
            await InvokeAsync(message, [message]);
        }
        finally
        {
            _slots.Release();
        }
    }

    private async Task InvokeAsync(object triggerValue, IReadOnlyList<ServiceBusReceivedMessage> messages)
    {
        var settlement = new ServiceBusSettlement(queue, messages);
        var succeeded = false;
        try
        {
            await function.Invoke(triggerValue, new(MessageActions: new LocalMessageActions(settlement)), _abandoning.Token);
            succeeded = true;
        }
        catch (Exception)
        {
            // Logged where it was thrown; the messages are delivered again.
        }
        if (await settlement.EndAsync(succeeded, _completes) is var (message, cause))
        {
            Log.NotSettled(logger, cause, function.Name, message.SequenceNumber, queue.Path);
        }
    }

    private void Renew(ServiceBusReceivedMessage message, long start)
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
            // Settled a moment ago, or too late: then settling says so.
        }
    }

    private readonly record struct Received(IReadOnlyList<ServiceBusReceivedMessage> Messages, int Wanted);

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Error, "Nothing could be received from {Queue}")]
        public static partial void NotReceived(ILogger logger, Exception exception, string queue);

        [LoggerMessage(
            2,
            LogLevel.Warning,
            "{Function}: message {SequenceNumber} of {Queue} could not be settled, and will be delivered again"
        )]
        public static partial void NotSettled(ILogger logger, Exception exception, string function, long sequenceNumber, string queue);
    }
}
