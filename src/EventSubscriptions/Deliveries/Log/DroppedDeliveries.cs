using System.Collections.Concurrent;
using System.Globalization;
using Azure.Data.Tables;
using EventSubscriptions.Audit;
using EventSubscriptions.Storage;
using EventSubscriptions.Subscriptions;

namespace EventSubscriptions.Deliveries.Log;

/// <summary>
/// Counts deliveries that are dropped because their subscription was deleted: one audit entry per subscription, whose count grows.
/// </summary>
/// <remarks>
/// The row <c>d:{id}</c> of the table <c>subscriptions</c> has the time of the first, and so the key of the entry: all instances count in
/// the same one, also after a restart. Concurrent deliveries are counted with one write. A crash between it and the settlement of a message
/// counts that message twice.
/// </remarks>
public sealed class DroppedDeliveries(TableServiceClient tables, AuditLog audit, TimeProvider time)
{
    private const string SinceColumn = "since";
    private const int Capacity = 1_000;

    private readonly TableClient _table = tables.GetTableClient(TableNames.Subscriptions);
    private readonly ConcurrentDictionary<SubscriptionId, Counter> _counters = new();

    /// <summary>Returns once the delivery is counted.</summary>
    public async Task CountAsync(DeliveryMessage delivery, CancellationToken cancellationToken)
    {
        var counter = CounterOf(delivery.SubscriptionId);
        var batch = counter.Join();
        try
        {
            await counter.Gate.WaitAsync(cancellationToken);
            try
            {
                if (!batch.IsStored)
                {
                    counter.Since ??= await FirstAsync(delivery, cancellationToken);
                    await StoreAsync(delivery, counter.Since.Value, counter.Close(batch), cancellationToken);
                    batch.IsStored = true;
                }
            }
            finally
            {
                counter.Gate.Release();
            }
        }
        catch when (!batch.IsStored)
        {
            // The message is redelivered and counted then.
            counter.Leave(batch);
            throw;
        }
    }

    private async Task<DateTimeOffset> FirstAsync(DeliveryMessage delivery, CancellationToken cancellationToken)
    {
        var row = new TableEntity(delivery.OrganizationId.ToString(), SubscriptionRow.DroppedKey(delivery.SubscriptionId))
        {
            [SinceColumn] = time.GetUtcNow(),
        };
        while (true)
        {
            var stored = await _table.GetEntityIfExistsAsync<TableEntity>(
                row.PartitionKey,
                row.RowKey,
                cancellationToken: cancellationToken
            );
            if (stored.HasValue)
            {
                return stored.Value!.RequireTime(SinceColumn);
            }

            try
            {
                await _table.AddEntityAsync(row, cancellationToken);
            }
            catch (Azure.RequestFailedException conflict) when (conflict.Status == 409)
            {
                // Another instance was first.
            }
        }
    }

    private Task StoreAsync(DeliveryMessage delivery, DateTimeOffset since, int count, CancellationToken cancellationToken)
    {
        return audit.CountAsync(delivery.SubscriptionId.Unique, count, EntryFor, cancellationToken);

        AuditEntry EntryFor(int total) =>
            new()
            {
                Type = AuditType.DeliveryDropped,
                Timestamp = since,
                OrganizationId = delivery.OrganizationId,
                SubscriptionId = delivery.SubscriptionId,
                Error = new AuditError(
                    "SubscriptionDeleted",
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"{total} {(total == 1 ? "delivery was" : "deliveries were")} dropped, since the subscription was deleted."
                    ),
                    "Nothing to do, unless the subscription was deleted by mistake."
                ),
                Changes = new Dictionary<string, AuditChange>(StringComparer.Ordinal) { ["dropped"] = new(null, total) },
            };
    }

    private Counter CounterOf(SubscriptionId id)
    {
        // Starting over costs one read each, and happens rarely.
        if (_counters.Count >= Capacity)
        {
            _counters.Clear();
        }

        return _counters.GetOrAdd(id, static _ => new Counter());
    }

    /// <summary>The deliveries counted by one write.</summary>
    private sealed class Batch
    {
        public int Count { get; set; }

        public bool IsStored { get; set; }
    }

    private sealed class Counter
    {
        private readonly Lock _lock = new();
        private Batch _open = new();

        /// <summary>Allows one write at a time.</summary>
        public SemaphoreSlim Gate { get; } = new(1);

        /// <summary>When the first delivery was dropped, if known.</summary>
        public DateTimeOffset? Since { get; set; }

        public Batch Join()
        {
            lock (_lock)
            {
                _open.Count++;
                return _open;
            }
        }

        public void Leave(Batch batch)
        {
            lock (_lock)
            {
                batch.Count--;
            }
        }

        /// <summary>Closes the batch and returns its count.</summary>
        public int Close(Batch batch)
        {
            lock (_lock)
            {
                if (batch == _open)
                {
                    _open = new Batch();
                }

                return batch.Count;
            }
        }
    }
}
