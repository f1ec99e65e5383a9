using Azure;
using Azure.Data.Tables;
using EventSubscriptions.Events;
using EventSubscriptions.Storage;

namespace EventSubscriptions.Relay;

/// <summary>The table <c>relaycursors</c>: each subscriber's state, and the events that were read and may be read again.</summary>
public sealed class RelayStore(TableServiceClient tables)
{
    private const string StateKey = "cursor";
    private const string SeenPrefix = "seen:";
    private const string AtColumn = "at";

    /// <summary>The most entities in a transaction of Table Storage.</summary>
    private static readonly string[] s_seenColumns = [nameof(TableEntity.RowKey), AtColumn];

    private readonly TableClient _table = tables.GetTableClient(TableNames.RelayCursors);

    /// <summary>Reads a subscriber's state, which is empty before its first poll.</summary>
    internal async Task<RelayState> GetAsync(string subscriber, CancellationToken cancellationToken)
    {
        var row = await _table.GetEntityIfExistsAsync<TableEntity>(subscriber, StateKey, cancellationToken: cancellationToken);
        return row.HasValue ? Read(row.Value!) : new RelayState();
    }

    /// <summary>The events that were read and may be read again, and when they happened.</summary>
    internal async Task<Dictionary<EventId, DateTimeOffset>> ListSeenAsync(string subscriber, CancellationToken cancellationToken)
    {
        var seen = new Dictionary<EventId, DateTimeOffset>();
        await foreach (
            var row in _table.QueryAsync<TableEntity>(Seen(subscriber), select: s_seenColumns, cancellationToken: cancellationToken)
        )
        {
            if (EventId.TryParse(row.RowKey[SeenPrefix.Length..], out var id) && row.GetDateTimeOffset(AtColumn) is { } at)
            {
                seen[id] = at;
            }
        }

        return seen;
    }

    /// <summary>
    /// Stores the state and the events that were read with it; the state last, so that it never refers to missing events. Null if the state
    /// has changed since it was read.
    /// </summary>
    internal async Task<RelayState?> TryPutAsync(
        string subscriber,
        RelayState state,
        IEnumerable<(EventId Id, DateTimeOffset At)> seen,
        CancellationToken cancellationToken
    )
    {
        var actions = seen.Select(item => new TableTransactionAction(
                TableTransactionActionType.UpsertReplace,
                new TableEntity(subscriber, SeenPrefix + item.Id) { [AtColumn] = item.At }
            ))
            .Append(
                state.ETag == default
                    ? new TableTransactionAction(TableTransactionActionType.Add, Make(subscriber, state))
                    : new TableTransactionAction(TableTransactionActionType.UpdateReplace, Make(subscriber, state), state.ETag)
            );
        try
        {
            Response? last = null;
            foreach (var transaction in actions.Chunk(TableRow.MaxTransaction))
            {
                last = (await _table.SubmitTransactionAsync(transaction, cancellationToken)).Value[^1];
            }

            return state with
            {
                ETag = last!.Headers.ETag ?? default,
            };
        }
        catch (RequestFailedException conflict) when (conflict.Status is 404 or 409 or 412)
        {
            return null;
        }
    }

    /// <summary>Deletes the events that happened before a time.</summary>
    internal Task RemoveSeenAsync(string subscriber, DateTimeOffset before, CancellationToken cancellationToken) =>
        _table.RemoveAsync($"{Seen(subscriber)} and {TableClient.CreateQueryFilter($"at lt {before}")}", _ => { }, cancellationToken);

    private static string Seen(string subscriber) => RowRange.StartingWith(subscriber, SeenPrefix).ToFilter();

    private static TableEntity Make(string subscriber, RelayState state)
    {
        var row = new TableEntity(subscriber, StateKey) { ["unaudited"] = state.IsUnaudited, ["disordered"] = state.IsDisordered };
        row.Set("cursor", state.Cursor);
        row.Set("lastSuccessAt", state.LastSuccessAt);
        row.Set("readUpTo", state.ReadUpTo);
        row.Set("failingSince", state.FailingSince);
        row.Set("changedAt", state.ChangedAt);
        row.Set("lastGapAt", state.LastGapAt);
        row.Set("errorKind", state.Failure is { } failure ? failure.Kind.ToName() : null);
        row.Set("errorDetail", state.Failure?.Detail);
        row.Set("statusCode", state.Failure?.StatusCode);
        row.Set("responseSnippet", state.Failure?.ResponseSnippet);
        row.Set("restUntil", state.Failure?.CooldownUntil);
        return row;
    }

    private static RelayState Read(TableEntity row) =>
        new()
        {
            Cursor = row.GetDateTimeOffset("cursor"),
            LastSuccessAt = row.GetDateTimeOffset("lastSuccessAt"),
            ReadUpTo = row.GetDateTimeOffset("readUpTo"),
            FailingSince = row.GetDateTimeOffset("failingSince"),
            ChangedAt = row.GetDateTimeOffset("changedAt"),
            LastGapAt = row.GetDateTimeOffset("lastGapAt"),
            IsUnaudited = row.GetBoolean("unaudited") ?? false,
            IsDisordered = row.GetBoolean("disordered") ?? false,
            Failure = EnumNames<RelayErrorKind>.Find(row.GetString("errorKind")) is { } kind
                ? new RelayFailure(kind, row.GetString("errorDetail") ?? "")
                {
                    StatusCode = row.GetInt32("statusCode"),
                    ResponseSnippet = row.GetString("responseSnippet"),
                    CooldownUntil = row.GetDateTimeOffset("restUntil"),
                }
                : null,
            ETag = row.ETag,
        };
}
