using Azure.Messaging.ServiceBus;

namespace EventSubscriptions.Queues;

/// <summary>
/// Sends messages to a queue in full batches, several at a time. Each message has an owner, so that a batch that fails is the failure of
/// those whose messages it held and of nobody else. Once Service Bus is out of reach, the rest fails at once. For use by one caller at a time.
/// </summary>
/// <param name="sender">The queue's sender.</param>
/// <param name="parallelism">How many batches may be on their way at once; one keeps the messages in order.</param>
internal sealed class BatchedSender<TOwner>(ServiceBusSender sender, int parallelism) : IDisposable
    where TOwner : class
{
    private readonly SemaphoreSlim _slots = new(parallelism);
    private readonly List<Task> _sending = [];
    private readonly Dictionary<TOwner, Exception> _failures = [];
    private ServiceBusMessageBatch? _batch;
    private List<TOwner> _owners = [];

    // Every batch would wait as long as the first did for a Service Bus that doesn't respond.
    private volatile Exception? _outage;

    /// <summary>Adds a message. It may be sent at once, or with those that follow.</summary>
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
                    throw new ServiceBusException("A message with its properties is larger than a batch may be.", ServiceBusFailureReason.MessageSizeExceeded);
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

    /// <summary>Sends what is left and waits for everything. The answer has those some of whose messages may not be on the queue, and why.</summary>
    public async Task<IReadOnlyDictionary<TOwner, Exception>> FinishAsync(CancellationToken cancellationToken)
    {
        await StartSendingAsync(cancellationToken);
        await Task.WhenAll(_sending);
        return _failures;
    }

    /// <summary>Drops what was not sent. Batches that are on their way still end by themselves, so what they wait for stays.</summary>
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

            // One that failed stays undisposed: it may be on its way still, and the client refuses to dispose it then.
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
        if (exception is ServiceBusException { Reason: ServiceBusFailureReason.ServiceTimeout or ServiceBusFailureReason.ServiceCommunicationProblem })
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
