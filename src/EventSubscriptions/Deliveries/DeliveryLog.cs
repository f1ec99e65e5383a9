using System.Runtime.CompilerServices;
using Azure.Data.Tables;
using EventSubscriptions.Events;
using EventSubscriptions.Http;
using EventSubscriptions.Storage;
using EventSubscriptions.Subscriptions;

namespace EventSubscriptions.Deliveries;

/// <summary>The table <c>deliverylog</c>: every attempt.</summary>
public sealed class DeliveryLog
{
    private readonly TableClient _table;
    private readonly BatchedTableWriter _writer;

    public DeliveryLog(TableServiceClient tables)
    {
        _table = tables.GetTableClient(TableNames.DeliveryLog);
        _writer = new BatchedTableWriter(_table);
    }

    /// <summary>Returns once the attempt is stored. The same attempt again changes nothing.</summary>
    public Task AppendAsync(SubscriptionId subscription, DeliveryAttempt attempt, CancellationToken cancellationToken) =>
        _writer.WriteAsync(DeliveryLogRow.Make(subscription, attempt), cancellationToken);

    /// <summary>Lists the attempts of a subscription, newest first.</summary>
    internal Task<Page<DeliveryAttempt>> ListAsync(SubscriptionId subscription, DeliveryFilter filter, PageRequest page, CancellationToken cancellationToken)
    {
        var (atLeast, below) = InvertedTicks.KeyRange(filter.Times.From, filter.Times.To);
        var range = new RowRange(subscription.ToString(), atLeast, below);
        return _table.ReadPageAsync(range, page, row => filter.Accepts(row) ? DeliveryLogRow.Read(row) : null, cancellationToken);
    }

    /// <summary>All attempts of one event, newest first. Looks through the subscription's log since <paramref name="since"/>.</summary>
    internal async Task<IReadOnlyList<DeliveryAttempt>> AttemptsOfAsync(
        SubscriptionId subscription, EventId eventId, DateTimeOffset? since, CancellationToken cancellationToken)
    {
        var (_, below) = InvertedTicks.KeyRange(since, to: null);
        var filter = $"{new RowRange(subscription.ToString(), Below: below).ToFilter()} and {TableClient.CreateQueryFilter($"eventId eq {eventId.ToString()}")}";
        List<DeliveryAttempt> attempts = [];
        await foreach (var row in _table.QueryAsync<TableEntity>(filter, cancellationToken: cancellationToken))
        {
            attempts.Add(DeliveryLogRow.Read(row));
        }

        return attempts;
    }

    /// <summary>What the rows of a span of time behind a key say, newest first: whether the attempt arrived, or null for what was skipped, which is none.</summary>
    internal async IAsyncEnumerable<(string Key, string EventId, bool? Arrived)> OutcomesAsync(
        SubscriptionId subscription, DateTimeOffset from, DateTimeOffset to, string? after, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var (atLeast, below) = InvertedTicks.KeyRange(from, to);
        var range = new RowRange(subscription.ToString(), atLeast, below);
        await foreach (var row in _table.QueryAsync<TableEntity>(range.ToFilter(after), select: DeliveryLogRow.OutcomeColumns, cancellationToken: cancellationToken))
        {
            bool? arrived = row.GetString(DeliveryLogRow.OutcomeColumn) switch
            {
                null or DeliveryOutcome.Skipped => null,
                var outcome => outcome == DeliveryOutcome.Delivered,
            };
            yield return (row.RowKey, row.GetString(DeliveryLogRow.EventIdColumn) ?? "", arrived);
        }
    }
}

/// <summary>Which attempts are asked for.</summary>
internal sealed record DeliveryFilter(TimeRange Times, string? Outcome, string? EventId)
{
    public bool Accepts(TableEntity row) =>
        (Outcome is null || row.GetString("outcome") == Outcome) && (EventId is null || row.GetString(DeliveryLogRow.EventIdColumn) == EventId);
}
