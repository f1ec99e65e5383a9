using Azure.Messaging.ServiceBus;

namespace EventSubscriptions.Queues;

/// <summary>
/// Sends messages to a queue in full batches, several at a time. Each message has an owner, so that a failed batch is the failure of its
/// own messages' owners only. When Service Bus is unavailable, the rest fails at once. For use by one caller at a time.
/// </summary>
/// <param name="parallelism">How many batches are sent at once; one keeps the messages in order.</param>
internal sealed class BatchedSender<TOwner>(ServiceBusSender sender, int parallelism) : IDisposable
    where TOwner : class
{
    private readonly SemaphoreSlim _slots = new(parallelism);
    private readonly List<Task> _sending = [];
    private readonly Dictionary<TOwner, Exception> _failures = [];
    private ServiceBusMessageBatch? _batch;
    private List<TOwner> _owners = [];

    // Otherwise every batch would wait as long as the first for a Service Bus that doesn't respond.
    private volatile Exception? _outage;

    /// <summary>Adds a message. It is sent now or with later ones.</summary>
    public async ValueTask AddAsync(TOwner owner, ServiceBusMessage message, CancellationToken cancellationToken)
    {
        try
        {
            if (_batch?.TryAddMessage(message) != true)
            {
                await StartSendingAsync(cancellationToken);
                if (_outage is { } outage)
                {
                    Fail([owner], outage);
                    return;
                }

                _batch = await sender.CreateMessageBatchAsync(cancellationToken);
                if (!_batch.TryAddMessage(message))
                {
                    throw new ServiceBusException(
                        "The message with its properties exceeds the size of a batch.",
                        ServiceBusFailureReason.MessageSizeExceeded
                    );
                }
            }
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            Fail([owner], exception);
            return;
        }

        if (_owners.Count == 0 || _owners[^1] != owner)
        {
            _owners.Add(owner);
        }
    }

    /// <summary>
    /// Sends the rest and waits. Returns each owner with at least one message that may not have been sent, and the exception.
    /// </summary>
    public async Task<IReadOnlyDictionary<TOwner, Exception>> FinishAsync(CancellationToken cancellationToken)
    {
        await StartSendingAsync(cancellationToken);
        await Task.WhenAll(_sending);
        return _failures;
    }

    /// <summary>Drops unsent messages. Batches in progress end by themselves.</summary>
    public void Dispose() => _batch?.Dispose();

    private async Task StartSendingAsync(CancellationToken cancellationToken)
    {
        if (_batch is not { Count: > 0 } batch)
        {
            _batch?.Dispose();
            _batch = null;
            return;
        }

        await _slots.WaitAsync(cancellationToken);
        if (_outage is { } outage)
        {
            _slots.Release();
            batch.Dispose();
            Fail(_owners, outage);
        }
        else
        {
            _sending.Add(SendAsync(batch, _owners, cancellationToken));
        }

        (_batch, _owners) = (null, []);
    }

    private async Task SendAsync(ServiceBusMessageBatch batch, List<TOwner> owners, CancellationToken cancellationToken)
    {
        try
        {
            await sender.SendMessagesAsync(batch, cancellationToken);

            // A failed batch is not disposed: it may still be in progress, and then the client refuses to.
            batch.Dispose();
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            Fail(owners, exception);
        }
        finally
        {
            _slots.Release();
        }
    }

    private void Fail(IEnumerable<TOwner> owners, Exception exception)
    {
        if (
            exception is ServiceBusException
            {
                Reason: ServiceBusFailureReason.ServiceTimeout or ServiceBusFailureReason.ServiceCommunicationProblem
            }
        )
        {
            _outage = exception;
        }

        lock (_failures)
        {
            foreach (var owner in owners)
            {
                _failures[owner] = exception;
            }
        }
    }
}
