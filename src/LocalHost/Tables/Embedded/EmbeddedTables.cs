using System.Buffers;
using System.Buffers.Text;
using System.Text.Json;
using Azure;
using Azure.Core;
using Azure.Data.Tables;
using LocalHost.Journaling;
using LocalHost.Tables.Filters;

namespace LocalHost.Tables.Embedded;

/// <summary>The Table service's behaviour on the tables of a data folder. A write is acknowledged when it is on disk.</summary>
internal sealed class EmbeddedTables(TableStore store)
{
    private const int MaxPageSize = 1000;
    private const int MaxChanges = 100;
    private const int MaxTransactionSize = 4 << 20;

    // A page ends, short or empty, after so many rows that its filter has turned down, as the service's do after some seconds.
    private const int MaxRowsScanned = 10_000;

    public async Task<Response> CreateTableIfNotExistsAsync(string table, CancellationToken cancellationToken)
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

    public Task<(Response Response, TableEntity? Entity)> ReadAsync(string table, string partitionKey, string rowKey, string[]? select, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Throw(EntityLimits.CheckKey(partitionKey) ?? EntityLimits.CheckKey(rowKey));
        var entity = store.Find(table)?.Read(RowKey.Encode(partitionKey, rowKey));
        return Task.FromResult<(Response, TableEntity?)>(entity is null ? (new StoredResponse(404, []), null) : (Success(200, entity.ETag.ToString()), Project(entity, select)));
    }

    public async Task<Response> WriteAsync(string table, TableTransactionAction action, CancellationToken cancellationToken)
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

    public async Task<Response<IReadOnlyList<Response>>> TransactAsync(string table, IReadOnlyList<TableTransactionAction> actions, CancellationToken cancellationToken)
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

        CheckSize(changes);
        var outcome = await CommitAsync(store.Find(table) ?? throw TableError.TableNotFound.ToTransactionException(0), changes);
        if (outcome.Error is { } refused)
        {
            throw refused.ToTransactionException(outcome.FailedIndex);
        }

        var etag = StoredTable.ETagOf(outcome.Version);
        var responses = Array.ConvertAll(changes, change => Success(204, change.Type == TableTransactionActionType.Delete ? null : etag));
        return Response.FromValue<IReadOnlyList<Response>>(responses, new StoredResponse(202, []));
    }

    public Task<TablePage> QueryAsync(string table, TableQuery query, CancellationToken cancellationToken)
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
    private static void CheckSize(RowChange[] changes)
    {
        if (changes.Sum(change => change.Value.Length) > MaxTransactionSize / 8 && changes.Sum(change => RequestSizeOf(change.Entity)) > MaxTransactionSize)
        {
            throw TableError.RequestBodyTooLarge.ToTransactionException(null);
        }
    }

    /// <summary>About what the client would send for a change: headers, and the entity as JSON.</summary>
    private static long RequestSizeOf(TableEntity entity)
    {
        const int Headers = 700, NameAndType = 50;
        return Headers + entity.Sum(property => property.Key.Length + NameAndType + property.Value switch
        {
            string text => JsonEncodedText.Encode(text).EncodedUtf8Bytes.Length,
            byte[] bytes => Base64.GetMaxEncodedToUtf8Length(bytes.Length),
            _ => 0,
        });
    }

    private static StoredResponse Success(int status, string? etag) => new(status, etag is null ? [] : [new HttpHeader(HttpHeader.Names.ETag, etag)]);

    private static TableEntity EntityOf(TableTransactionAction action) =>
        action.Entity as TableEntity ?? throw new NotSupportedException($"Entities are {nameof(TableEntity)} on the local host, not {action.Entity.GetType().Name}.");

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

internal sealed record TableQuery(string? Filter, int? Top, string[]? Select, string? ContinuationToken);

internal sealed record TablePage(Response Response, IReadOnlyList<TableEntity> Entities, string? ContinuationToken);
