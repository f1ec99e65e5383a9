using Azure;
using Azure.Data.Tables;
using EventSubscriptions.Storage;
using EventSubscriptions.Subscriptions;

namespace EventSubscriptions.Deliveries.Throttling;

/// <summary>
/// The rows <c>r:{id}</c> of the table <c>subscriptions</c>: until when a receiver rests, so that a restart and the other instances, within
/// 30 s, honour it. A rest ends when its subscription is changed.
/// </summary>
internal sealed class CooldownStore(TableServiceClient tables, TimeProvider time)
{
    private const string SinceColumn = "since";
    private const string UntilColumn = "until";
    private const string VersionColumn = "version";
    private const int Capacity = 20_000;

    private static readonly TimeSpan s_freshness = TimeSpan.FromSeconds(30);

    /// <summary>How far the clocks of machines differ. What began later than that was written before a clock was set back, and nobody knows when it ends.</summary>
    private static readonly TimeSpan s_skew = TimeSpan.FromMinutes(1);

    private readonly TableClient _table = tables.GetTableClient(TableNames.Subscriptions);
    private readonly ExpiringCache<SubscriptionId, Known> _cache = new(s_freshness, Capacity, time);

    /// <summary>Until when the receiver rests, as far as was known 30 s ago, or null.</summary>
    public async ValueTask<DateTimeOffset?> GetAsync(Subscription subscription, CancellationToken cancellationToken)
    {
        var known = await _cache.GetAsync(subscription.Id, (this, subscription), static (_, state) => state.Item1.ReadAsync(state.subscription), cancellationToken);
        return known.Version == subscription.UpdatedAt ? known.Until : null;
    }

    /// <summary>Stores a rest, unless a longer one is stored, or one of a later version of the subscription.</summary>
    public async Task WriteAsync(Subscription subscription, DateTimeOffset until, CancellationToken cancellationToken)
    {
        var row = new TableEntity(subscription.OrganizationId.ToString(), SubscriptionRow.RestKey(subscription.Id))
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
                await (known.ETag is { } version
                    ? _table.UpdateEntityAsync(row, version, TableUpdateMode.Replace, cancellationToken)
                    : _table.AddEntityAsync(row, cancellationToken));
                return;
            }
            catch (RequestFailedException overtaken) when (overtaken.Status is 404 or 409 or 412)
            {
                // Read it again.
            }
        }
    }

    private async Task<Known> ReadAsync(Subscription subscription)
    {
        var row = await _table.GetEntityIfExistsAsync<TableEntity>(subscription.OrganizationId.ToString(), SubscriptionRow.RestKey(subscription.Id), cancellationToken: CancellationToken.None);
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
