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

    /// <summary>The outcome of the last attempt at each of the events that there was one for. What was skipped is no attempt. Reads the subscription's log of the span.</summary>
    internal async Task<IReadOnlyDictionary<string, string>> LastOutcomesAsync(
        SubscriptionId subscription, IReadOnlySet<string> events, DateTimeOffset from, DateTimeOffset to, CancellationToken cancellationToken)
    {
        var (atLeast, below) = InvertedTicks.KeyRange(from, to);
        var range = new RowRange(subscription.ToString(), atLeast, below);
        Dictionary<string, string> outcomes = new(StringComparer.Ordinal);
        await foreach (var row in _table.QueryAsync<TableEntity>(range.ToFilter(), select: DeliveryLogRow.OutcomeColumns, cancellationToken: cancellationToken))
        {
            // Newest first: the first one counts.
            if (row.GetString(DeliveryLogRow.OutcomeColumn) is { } outcome and not DeliveryOutcome.Skipped
                && row.GetString(DeliveryLogRow.EventIdColumn) is { } eventId && events.Contains(eventId))
            {
                outcomes.TryAdd(eventId, outcome);
            }
        }

        return outcomes;
    }
}

/// <summary>Which attempts are asked for.</summary>
internal sealed record DeliveryFilter(TimeRange Times, string? Outcome, string? EventId)
{
    public bool Accepts(TableEntity row) =>
        (Outcome is null || row.GetString("outcome") == Outcome) && (EventId is null || row.GetString(DeliveryLogRow.EventIdColumn) == EventId);
}
