using Azure;
using Azure.Data.Tables;
using EventSubscriptions.Storage;
using EventSubscriptions.Subscriptions;

namespace EventSubscriptions.Deliveries.Throttling;

/// <summary>
/// The rows <c>r:{id}</c> of the table <c>subscriptions</c>: the cooldowns of receivers, so that a restart, and other instances within 30
/// s, honour them. A change of the subscription ends its cooldown.
/// </summary>
internal sealed class CooldownStore(TableServiceClient tables, TimeProvider time)
{
    private const string SinceColumn = "since";
    private const string UntilColumn = "until";
    private const string VersionColumn = "version";
    private const int Capacity = 20_000;

    private static readonly TimeSpan s_freshness = TimeSpan.FromSeconds(30);

    /// <summary>
    /// How far clocks may differ. A cooldown that starts later was written before a clock was set back, and its end is unknown.
    /// </summary>
    private static readonly TimeSpan s_skew = TimeSpan.FromMinutes(1);

    private readonly TableClient _table = tables.GetTableClient(TableNames.Subscriptions);
    private readonly ExpiringCache<SubscriptionId, Known> _cache = new(s_freshness, Capacity, time);

    /// <summary>Until when the receiver cools down, at most 30 s old, or null.</summary>
    public async ValueTask<DateTimeOffset?> GetAsync(Subscription subscription, CancellationToken cancellationToken)
    {
        var known = await _cache.GetAsync(
            subscription.Id,
            (this, subscription),
            static (_, state) => state.Item1.ReadAsync(state.subscription),
            cancellationToken
        );
        return known.Version == subscription.UpdatedAt ? known.Until : null;
    }

    /// <summary>Stores a cooldown, unless a longer one, or one of a later version of the subscription, is stored.</summary>
    public async Task WriteAsync(Subscription subscription, DateTimeOffset until, CancellationToken cancellationToken)
    {
        var row = new TableEntity(subscription.OrganizationId.ToString(), SubscriptionRow.CooldownKey(subscription.Id))
        {
            [SinceColumn] = time.GetUtcNow(),
            [UntilColumn] = until,
            [VersionColumn] = subscription.UpdatedAt,
        };
        while (true)
        {
            var known = await ReadAsync(subscription);
            if (known.Version > subscription.UpdatedAt || (known.Version == subscription.UpdatedAt && known.Until >= until))
            {
                return;
            }

            try
            {
                await (
                    known.ETag is { } version
                        ? _table.UpdateEntityAsync(row, version, TableUpdateMode.Replace, cancellationToken)
                        : _table.AddEntityAsync(row, cancellationToken)
                );
                return;
            }
            catch (RequestFailedException conflict) when (conflict.Status is 404 or 409 or 412)
            {
                // Read it again.
            }
        }
    }

    private async Task<Known> ReadAsync(Subscription subscription)
    {
        var row = await _table.GetEntityIfExistsAsync<TableEntity>(
            subscription.OrganizationId.ToString(),
            SubscriptionRow.CooldownKey(subscription.Id),
            cancellationToken: CancellationToken.None
        );
        if (!row.HasValue)
        {
            return new Known(null, null, null);
        }

        return row.Value!.GetDateTimeOffset(SinceColumn) > time.GetUtcNow() + s_skew
            ? new Known(null, null, row.Value.ETag)
            : new Known(row.Value.GetDateTimeOffset(UntilColumn), row.Value.GetDateTimeOffset(VersionColumn), row.Value.ETag);
    }

    private sealed record Known(DateTimeOffset? Until, DateTimeOffset? Version, ETag? ETag);
}
