using System.Buffers;
using System.Buffers.Text;
using System.Text;
using Azure;
using Azure.Core;
using Azure.Data.Tables;
using LocalHost.Journaling;
using LocalHost.Tables.Filters;
using LocalHost.Tables.Rest;

namespace LocalHost.Tables.Embedded;

/// <summary>The Table service's behaviour on the tables of a data folder. A write is acknowledged when it is on disk.</summary>
internal sealed class EmbeddedTables(TableStore store) : TableBackend
{
    private const int MaxPageSize = 1000;
    private const int MaxChanges = 100;
    private const int MaxTransactionSize = 4 << 20;

    // A page ends, short or empty, after so many rows that its filter has turned down, as the service's do after some seconds.
    private const int MaxRowsScanned = 10_000;

    public override async Task<Response> CreateTableIfNotExistsAsync(string table, CancellationToken cancellationToken)
    {
        Throw(EntityLimits.CheckTable(table));
        try
        {
            return new StoredResponse(await store.CreateAsync(table) ? 204 : 409, []);
        }
        catch (JournalFailedException failure)
        {
            throw InternalError(failure);
        }
    }

    public override Task<(Response Response, TableEntity? Entity)> ReadAsync(string table, string partitionKey, string rowKey, string[]? select, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Throw(EntityLimits.CheckKey(partitionKey) ?? EntityLimits.CheckKey(rowKey));
        var entity = store.Find(table)?.Read(RowKey.Encode(partitionKey, rowKey));
        return Task.FromResult<(Response, TableEntity?)>(entity is null ? (new StoredResponse(404, []), null) : (Success(200, entity.ETag.ToString()), Project(entity, select)));
    }

    public override async Task<Response> WriteAsync(string table, TableTransactionAction action, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var entity = EntityOf(action);
        Throw(Check(action.ActionType, entity));
        var stored = store.Find(table);
        if (stored is null && action.ActionType != TableTransactionActionType.Delete)
        {
            throw TableError.TableNotFound.ToException();
        }

        var outcome = stored is null ? new WriteOutcome(default, 0, TableError.TableNotFound) : await CommitAsync(stored, [Change(action, entity)]);
        if (outcome.Error is { Status: 404 } && action.ActionType == TableTransactionActionType.Delete)
        {
            return new StoredResponse(404, []);
        }

        Throw(outcome.Error);
        return Success(204, action.ActionType == TableTransactionActionType.Delete ? null : StoredTable.ETagOf(outcome.Version));
    }

    public override async Task<Response<IReadOnlyList<Response>>> TransactAsync(string table, IReadOnlyList<TableTransactionAction> actions, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (actions.Count > MaxChanges)
        {
            throw TableError.TooManyChanges.ToTransactionException(MaxChanges);
        }

        var changes = new RowChange[actions.Count];
        var keys = new HashSet<string>(actions.Count, StringComparer.Ordinal);
        for (var i = 0; i < changes.Length; i++)
        {
            var entity = EntityOf(actions[i]);
            var error = Check(actions[i].ActionType, entity)
                ?? (entity.PartitionKey != actions[0].Entity.PartitionKey ? TableError.DifferentPartitions : null)
                ?? (keys.Add(entity.RowKey) ? null : TableError.InvalidDuplicateRow);
            changes[i] = error is null ? Change(actions[i], entity) : throw error.ToTransactionException(i);
        }

        CheckSize(table, actions, changes);
        var outcome = await CommitAsync(store.Find(table) ?? throw TableError.TableNotFound.ToTransactionException(0), changes);
        if (outcome.Error is { } refused)
        {
            throw refused.ToTransactionException(outcome.FailedIndex);
        }

        var etag = StoredTable.ETagOf(outcome.Version);
        var responses = Array.ConvertAll(changes, change => Success(204, change.Type == TableTransactionActionType.Delete ? null : etag));
        return Response.FromValue<IReadOnlyList<Response>>(responses, new StoredResponse(202, []));
    }

    public override Task<TablePage> QueryAsync(string table, TableQuery query, CancellationToken cancellationToken)
    {
        var stored = store.Find(table) ?? throw TableError.TableNotFound.ToException();
        var size = query.Top ?? MaxPageSize;
        var filter = string.IsNullOrWhiteSpace(query.Filter) ? null : FilterParser.TryParse(query.Filter) ?? throw TableError.InvalidInput.ToException();
        Throw(size is < 1 or > MaxPageSize ? TableError.InvalidInput : null);

        var range = KeyRange.Of(filter);
        range = query.ContinuationToken is { } token ? range.StartingAt(ReadToken(token)) : range;
        var (page, next) = ReadPage(stored, range, filter, size, query.Select, cancellationToken);
        return Task.FromResult(new TablePage(new StoredResponse(200, []), page, next is null ? null : Base64Url.EncodeToString(next)));
    }

    private static (List<TableEntity> Page, byte[]? Next) ReadPage(StoredTable table, KeyRange range, Filter? filter, int size, string[]? select, CancellationToken cancellationToken)
    {
        var page = new List<TableEntity>();
        var keysAreEnough = select is not null && Array.TrueForAll(select, EntityCodec.IsSystem);
        for (var scanned = 0; ;)
        {
            cancellationToken.ThrowIfCancellationRequested();
            // One more than a page: the rows of a page are those of one moment, and it is known where the next one starts.
            var rows = table.List(range, size + 1);
            foreach (var (key, entry) in rows)
            {
                if (page.Count == size || scanned == MaxRowsScanned)
                {
                    return (page, key);
                }

                scanned++;
                if (Read(table, key, entry, filter, keysAreEnough) is { } entity)
                {
                    page.Add(Project(entity, select));
                }
            }

            if (rows.Count <= size)
            {
                return (page, null);
            }

            range = range.StartingAt(RowKey.After(rows[^1].Key));
        }
    }

    private static TableEntity? Read(StoredTable table, byte[] key, RowEntry entry, Filter? filter, bool keysAreEnough)
    {
        TableEntity? entity;
        if (filter is null or { UsesKeysOnly: true })
        {
            entity = StoredTable.EntityOf(key, entry.Version);
            return filter?.Matches(entity) == false ? null : keysAreEnough ? entity : table.Read(key, entry);
        }

        entity = table.Read(key, entry);
        return entity is not null && filter.Matches(entity) ? entity : null;
    }

    private static TableEntity Project(TableEntity entity, string[]? select)
    {
        if (select is null or [])
        {
            return entity;
        }

        var projected = new TableEntity { ETag = entity.ETag };
        foreach (var name in select)
        {
            projected[name] = entity[name];
        }

        return projected;
    }

    private static byte[] ReadToken(string token) =>
        Base64Url.IsValid(token) ? Base64Url.DecodeFromChars(token) : throw TableError.InvalidInput.ToException();

    private static TableError? Check(TableTransactionActionType type, TableEntity entity) =>
        EntityLimits.CheckKeys(entity) ?? (type == TableTransactionActionType.Delete ? null : EntityLimits.CheckProperties(entity));

    private static RowChange Change(TableTransactionAction action, TableEntity entity)
    {
        var key = RowKey.Encode(entity.PartitionKey, entity.RowKey);
        var etag = action.ETag == default ? null : action.ETag.ToString();
        return action.ActionType switch
        {
            TableTransactionActionType.Delete => new RowChange(action.ActionType, key, etag, entity, default),
            // An update without a condition is an upsert: that is what the request says that the real client sends.
            TableTransactionActionType.UpdateMerge when etag is null => new RowChange(TableTransactionActionType.UpsertMerge, key, null, entity, Encode(entity)),
            TableTransactionActionType.UpdateReplace when etag is null => new RowChange(TableTransactionActionType.UpsertReplace, key, null, entity, Encode(entity)),
            TableTransactionActionType.UpdateMerge or TableTransactionActionType.UpdateReplace => new RowChange(action.ActionType, key, etag, entity, Encode(entity)),
            _ => new RowChange(action.ActionType, key, null, entity, Encode(entity)),
        };
    }

    private static ReadOnlyMemory<byte> Encode(TableEntity entity)
    {
        var value = new ArrayBufferWriter<byte>(256);
        EntityCodec.Write(entity, value);
        return value.WrittenMemory;
    }

    // What counts is the size of the request, which is several times that of the values at the worst.
    private static void CheckSize(string table, IReadOnlyList<TableTransactionAction> actions, RowChange[] changes)
    {
        if (changes.Sum(change => change.Value.Length) > MaxTransactionSize / 8
            && TransactionBody.Write(actions.Select(action => RestTables.Part("https://account.table.core.windows.net", table, action))).Body.Length > MaxTransactionSize)
        {
            throw TableError.RequestBodyTooLarge.ToTransactionException(null);
        }
    }

    private static StoredResponse Success(int status, string? etag) => new(status, etag is null ? [] : [new HttpHeader(HttpHeader.Names.ETag, etag)]);

    private static void Throw(TableError? error)
    {
        if (error is not null)
        {
            throw error.ToException();
        }
    }

    private static RequestFailedException InternalError(JournalFailedException failure) => new(500, failure.Message, "InternalError", failure);

    /// <summary>Returns when what was changed is on disk, or at once when the changes are refused.</summary>
    private async ValueTask<WriteOutcome> CommitAsync(StoredTable table, RowChange[] changes)
    {
        try
        {
            var outcome = table.Write(changes);
            if (outcome.Error is null)
            {
                await store.FlushedAsync(outcome.Address);
            }

            return outcome;
        }
        catch (JournalFailedException failure)
        {
            throw InternalError(failure);
        }
    }
}
