using System.Globalization;
using Azure.Data.Tables;
using EventSubscriptions.Deliveries.Outcome;
using EventSubscriptions.Organizations;
using EventSubscriptions.Storage;

namespace EventSubscriptions.Deliveries.Statistics;

/// <summary>
/// The table <c>statistics</c>, in the partition of the organization: <c>{subscription}:{hour}:{instance}</c> has the counts of one
/// instance of the app, and <c>-:{hour}:{instance}</c> those of all subscriptions.
/// </summary>
public sealed class StatisticsStore(TableServiceClient tables)
{
    private const string All = "-";
    private const string HourFormat = "yyyyMMddHH";
    private const string LatenciesColumn = "latencies";

    private readonly TableClient _table = tables.GetTableClient(TableNames.Statistics);

    /// <summary>Replaces the rows of an organization, at most <see cref="TableRow.MaxTransaction"/>.</summary>
    internal Task WriteAsync(IReadOnlyCollection<TableEntity> rows, CancellationToken cancellationToken) =>
        _table.SubmitTransactionAsync(
            rows.Select(row => new TableTransactionAction(TableTransactionActionType.UpsertReplace, row)),
            cancellationToken
        );

    internal static TableEntity Row(
        OrganizationId organization,
        SubscriptionId? subscription,
        DateTimeOffset hour,
        string instance,
        AttemptCounts counts
    )
    {
        var row = new TableEntity(organization.ToString(), $"{Key(subscription, hour)}:{instance}");
        Write(row, counts);
        return row;
    }

    internal static void Write(TableEntity row, AttemptCounts counts)
    {
        row[LatenciesColumn] = counts.FormatLatencies();
        foreach (var outcome in Enum.GetValues<DeliveryOutcome>())
        {
            row[outcome.ToName()] = counts.Of(outcome);
        }
    }

    internal static bool IsSameHour(TableEntity one, TableEntity other) =>
        one.PartitionKey == other.PartitionKey
        && one.RowKey.AsSpan(0, one.RowKey.LastIndexOf(':')).SequenceEqual(other.RowKey.AsSpan(0, other.RowKey.LastIndexOf(':')));

    /// <summary>The counts by hour. Hours without attempts are left out.</summary>
    /// <param name="subscription">Of one subscription, or null for all of the organization.</param>
    /// <param name="from">The first hour.</param>
    /// <param name="to">The first hour after the last.</param>
    internal async Task<Dictionary<DateTimeOffset, AttemptCounts>> ReadAsync(
        OrganizationId organization,
        SubscriptionId? subscription,
        DateTimeOffset from,
        DateTimeOffset to,
        CancellationToken cancellationToken
    )
    {
        var hours = new Dictionary<DateTimeOffset, AttemptCounts>();
        var range = new RowRange(organization.ToString(), Key(subscription, from), Key(subscription, to));
        await foreach (var row in _table.QueryAsync<TableEntity>(range.ToFilter(), cancellationToken: cancellationToken))
        {
            var hour = HourOf(row.RowKey);
            if (!hours.TryGetValue(hour, out var counts))
            {
                hours.Add(hour, counts = new AttemptCounts());
            }

            counts.Add(Read(row));
        }

        return hours;
    }

    internal static AttemptCounts Read(TableEntity row)
    {
        var counts = new AttemptCounts();
        counts.SetLatencies(row.RequireString(LatenciesColumn));
        foreach (var outcome in Enum.GetValues<DeliveryOutcome>())
        {
            counts.Set(outcome, row.GetInt64(outcome.ToName()) ?? 0);
        }

        return counts;
    }

    private static string Key(SubscriptionId? subscription, DateTimeOffset hour) =>
        $"{subscription?.ToString() ?? All}:{hour.UtcDateTime.ToString(HourFormat, CultureInfo.InvariantCulture)}";

    private static DateTimeOffset HourOf(string key) =>
        DateTimeOffset.ParseExact(key.Split(':')[1], HourFormat, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal);
}
