using System.Runtime.CompilerServices;
using Azure.Data.Tables;
using EventSubscriptions.Deliveries.Outcome;
using EventSubscriptions.Events;
using EventSubscriptions.Http;
using EventSubscriptions.Storage;

namespace EventSubscriptions.Deliveries.Log;

/// <summary>The table <c>deliverylog</c>: all attempts in the order in which they ended, and which deliveries wait.</summary>
public sealed class DeliveryLog
{
    /// <summary>How many attempts at one event can be found by its id.</summary>
    internal const int MaxAttemptsOfEvent = 1000;

    private const int ParallelReads = 32;

    private readonly TableClient _table;
    private readonly BatchedTableWriter _writer;

    public DeliveryLog(TableServiceClient tables)
    {
        _table = tables.GetTableClient(TableNames.DeliveryLog);
        _writer = new BatchedTableWriter(_table);
    }

    /// <summary>Stores an attempt. Storing it again changes nothing.</summary>
    /// <param name="attempt">The attempt. If another follows, the delivery waits from now on.</param>
    /// <param name="hasWaited">Whether the delivery may be logged as waiting, which the attempt ends.</param>
    public Task AppendAsync(SubscriptionId subscription, DeliveryAttempt attempt, bool hasWaited, CancellationToken cancellationToken)
    {
        var row = DeliveryLogRow.Make(subscription, attempt);
        var outcome = DeliveryLogRow.MakeOutcome(row);
        return attempt.NextAttemptAt is { } due
            ? _writer.WriteAsync(
                [row, outcome, DeliveryLogRow.MakeWait(subscription, attempt.EventId, attempt.Run, due, WaitReason.Retry)],
                obsolete: null,
                cancellationToken
            )
            : _writer.WriteAsync([row, outcome], hasWaited ? Wait(subscription, attempt.EventId, attempt.Run) : null, cancellationToken);
    }

    /// <summary>Logs that a delivery was postponed without an attempt.</summary>
    public Task WaitAsync(DeliveryMessage delivery, DateTimeOffset due, CancellationToken cancellationToken)
    {
        var (subscription, eventId, run) = (delivery.SubscriptionId, delivery.EventId.ToString(), delivery.Run.ToString());
        return _writer.WriteAsync(DeliveryLogRow.MakeWait(subscription, eventId, run, due, WaitReason.Postponed), cancellationToken);
    }

    /// <summary>Logs that a delivery no longer waits although it was not attempted.</summary>
    public Task EndWaitAsync(DeliveryMessage delivery, CancellationToken cancellationToken) =>
        _writer.WriteAsync([], Wait(delivery.SubscriptionId, delivery.EventId.ToString(), delivery.Run.ToString()), cancellationToken);

    /// <summary>
    /// Lists the attempts of a subscription, newest first. For one event there are at most <see cref="MaxAttemptsOfEvent"/>.
    /// </summary>
    internal async Task<ListPage<DeliveryAttempt>> ListAsync(
        SubscriptionId subscription,
        DeliveryFilter filter,
        PageRequest page,
        CancellationToken cancellationToken
    )
    {
        var range = DeliveryLogRow.Range(subscription, filter.Times);
        if (filter.EventId is not { } eventId)
        {
            return await _table.ReadPageAsync(range, page, row => filter.Accepts(row) ? DeliveryLogRow.Read(row) : null, cancellationToken);
        }

        var keys = (await OutcomesOfAsync(subscription, eventId, cancellationToken))
            .Where(outcome => filter.Accepts(outcome))
            .Select(outcome => DeliveryLogRow.AttemptKey(outcome.RowKey))
            .Where(key => range.Contains(key) && string.CompareOrdinal(key, page.After) > 0)
            .Order(StringComparer.Ordinal)
            .Take(page.Size + 1)
            .ToList();
        var shown = keys.Take(page.Size).ToList();
        return page.ToPage(await ReadAsync(subscription, shown, cancellationToken), keys.Count > page.Size ? shown[^1] : null);
    }

    /// <summary>The newest attempts at an event, newest first.</summary>
    internal async Task<IReadOnlyList<DeliveryAttempt>> AttemptsOfAsync(
        SubscriptionId subscription,
        EventId eventId,
        int count,
        CancellationToken cancellationToken
    )
    {
        var outcomes = await OutcomesOfAsync(subscription, eventId.ToString(), cancellationToken);
        return await ReadAsync(
            subscription,
            outcomes.Select(outcome => DeliveryLogRow.AttemptKey(outcome.RowKey)).Order(StringComparer.Ordinal).Take(count),
            cancellationToken
        );
    }

    /// <summary>Where the delivery of an event to a subscription stands, or null if it was never attempted and doesn't wait.</summary>
    internal async Task<DeliveryStatus?> StatusOfAsync(SubscriptionId subscription, EventId eventId, CancellationToken cancellationToken)
    {
        var waits = RowRange.StartingWith(subscription.ToString(), $"{DeliveryLogRow.WaitPrefix}{eventId}:").ToFilter();
        var waiting = _table
            .QueryAsync<TableEntity>(waits, cancellationToken: cancellationToken)
            .FirstOrDefaultAsync(cancellationToken)
            .AsTask();
        var outcomes = await OutcomesOfAsync(subscription, eventId.ToString(), cancellationToken);
        var latest = outcomes.MinBy(outcome => DeliveryLogRow.EndOf(outcome), StringComparer.Ordinal);
        var wait = await waiting;
        return latest is null && wait is null
            ? null
            : new DeliveryStatus(
                latest?.RequireMember<DeliveryOutcome>(DeliveryLogRow.OutcomeColumn),
                outcomes.Count,
                latest is not null && InvertedTicks.TryParse(DeliveryLogRow.EndOf(latest), out var endedAt) ? endedAt : null,
                wait is null ? null : DeliveryLogRow.ReadWait(wait)
            );
    }

    /// <summary>
    /// Reads the outcomes of a time range after a key, newest first.
    /// </summary>
    internal async IAsyncEnumerable<(string Key, string EventId, DeliveryOutcome Outcome)> OutcomesAsync(
        SubscriptionId subscription,
        DateTimeOffset from,
        DateTimeOffset to,
        string? after,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        var range = DeliveryLogRow.Range(subscription, new TimeRange(from, to));
        await foreach (
            var row in _table.QueryAsync<TableEntity>(
                range.ToFilter(after),
                select: DeliveryLogRow.OutcomeColumns,
                cancellationToken: cancellationToken
            )
        )
        {
            yield return (
                row.RowKey,
                DeliveryLogRow.EventIdOf(row.RowKey),
                row.RequireMember<DeliveryOutcome>(DeliveryLogRow.OutcomeColumn)
            );
        }
    }

    private static TableEntity Wait(SubscriptionId subscription, string eventId, string run) =>
        new(subscription.ToString(), DeliveryLogRow.WaitKey(eventId, run));

    private async Task<List<TableEntity>> OutcomesOfAsync(SubscriptionId subscription, string eventId, CancellationToken cancellationToken)
    {
        var filter = RowRange.StartingWith(subscription.ToString(), $"{DeliveryLogRow.OutcomePrefix}{eventId}:").ToFilter();
        return await _table
            .QueryAsync<TableEntity>(filter, select: DeliveryLogRow.OutcomeColumns, cancellationToken: cancellationToken)
            .Take(MaxAttemptsOfEvent)
            .ToListAsync(cancellationToken);
    }

    private async Task<List<DeliveryAttempt>> ReadAsync(
        SubscriptionId subscription,
        IEnumerable<string> keys,
        CancellationToken cancellationToken
    )
    {
        List<DeliveryAttempt> attempts = [];
        foreach (var some in keys.Chunk(ParallelReads))
        {
            var rows = await Task.WhenAll(
                some.Select(key =>
                    _table.GetEntityIfExistsAsync<TableEntity>(subscription.ToString(), key, cancellationToken: cancellationToken)
                )
            );
            // A missing row was purged in between.
            attempts.AddRange(rows.Where(row => row.HasValue).Select(row => DeliveryLogRow.Read(row.Value!)));
        }

        return attempts;
    }
}

/// <summary>Which attempts to list.</summary>
internal sealed record DeliveryFilter(TimeRange Times, DeliveryOutcome? Outcome, string? EventId)
{
    /// <summary>Whether a row's outcome matches.</summary>
    public bool Accepts(TableEntity row) => Outcome is not { } wanted || row.GetString(DeliveryLogRow.OutcomeColumn) == wanted.ToName();
}
