using System.Buffers.Text;
using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;
using Azure;
using Azure.Core;
using Azure.Data.Tables;
using LocalHost.Storage;

namespace LocalHost.Tables;

/// <summary>The tables of a data folder, with the semantics of Table Storage. Writes complete when they are on disk.</summary>
internal sealed partial class TableStore
{
    private const int MaxChanges = 100;
    private const int MaxTransactionSize = 4 << 20;

    private readonly Database _database;
    private readonly RowVersions _versions;

    // The key prefix of each table's rows.
    private readonly ConcurrentDictionary<string, byte[]> _prefixes = new(StringComparer.OrdinalIgnoreCase);

    public TableStore(Database database, TimeProvider time)
    {
        _database = database;
        _versions = new RowVersions(database, time);
        using var names = database.Scan([KeySpace.TableNames], [KeySpace.TableNames + 1]);
        while (names.MoveNext())
        {
            Add(Encoding.ASCII.GetString(names.Key[1..]));
        }
    }

    /// <returns>204 if the table was created, 409 if it exists.</returns>
    public async Task<Response> CreateTableIfNotExistsAsync(string table, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        ThrowIfError(EntityLimits.CheckTable(table));
        var creation = new TableCreation(this, table);
        await WriteAsync(creation);
        return new StoredResponse(creation.IsNew ? 204 : 409, []);
    }

    /// <returns>The entity, or null with status 404.</returns>
    public (Response Response, TableEntity? Entity) Read(
        string table,
        string partitionKey,
        string rowKey,
        string[]? select,
        CancellationToken cancellationToken
    )
    {
        cancellationToken.ThrowIfCancellationRequested();
        ThrowIfError(EntityLimits.CheckKey(partitionKey) ?? EntityLimits.CheckKey(rowKey));
        if (!_prefixes.TryGetValue(table, out var prefix))
        {
            return (new StoredResponse(404, []), null);
        }

        var key = RowKey.Encode(prefix, partitionKey, rowKey);
        if (Get(key) is not { } row)
        {
            return (new StoredResponse(404, []), null);
        }

        var entity = StoredRow.ReadKeys(key.AsSpan(prefix.Length), row);
        StoredRow.ReadProperties(entity, row, select);
        entity = StoredRow.Project(entity, row, select);
        return (Success(200, entity.ETag), entity);
    }

    public async Task<Response> WriteAsync(string table, TableTransactionAction action, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var entity = EntityOf(action);
        ThrowIfError(Check(action.ActionType, entity));
        if (!_prefixes.TryGetValue(table, out var prefix))
        {
            return action.ActionType == TableTransactionActionType.Delete
                ? new StoredResponse(404, [])
                : throw TableError.TableNotFound.ToException();
        }

        var change = ToChange(prefix, action, entity);
        var write = new TableWrite(_versions, prefix.Length, [change]);
        await WriteAsync(write);
        if (change.IsDeletion && write.Error is { Status: 404 })
        {
            return new StoredResponse(404, []);
        }

        ThrowIfError(write.Error);
        return Success(204, change.IsDeletion ? default : RowVersions.ETagOf(write.Version));
    }

    public async Task<Response<IReadOnlyList<Response>>> TransactAsync(
        string table,
        IReadOnlyList<TableTransactionAction> actions,
        CancellationToken cancellationToken
    )
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (actions.Count > MaxChanges)
        {
            throw TableError.TooManyChanges.ToTransactionException(MaxChanges);
        }

        var prefix = _prefixes.GetValueOrDefault(table);
        var changes = new RowChange[actions.Count];
        var keys = new HashSet<string>(actions.Count, StringComparer.Ordinal);
        for (var i = 0; i < changes.Length; i++)
        {
            var entity = EntityOf(actions[i]);
            var error =
                Check(actions[i].ActionType, entity)
                ?? (entity.PartitionKey != actions[0].Entity.PartitionKey ? TableError.DifferentPartitions : null)
                ?? (keys.Add(entity.RowKey) ? null : TableError.InvalidDuplicateRow);
            changes[i] = error is null ? ToChange(prefix, actions[i], entity) : throw error.ToTransactionException(i);
        }

        CheckSize(actions, changes);
        var write = new TableWrite(_versions, prefix?.Length ?? throw TableError.TableNotFound.ToTransactionException(0), changes);
        await WriteAsync(write);
        if (write.Error is { } failure)
        {
            throw failure.ToTransactionException(write.FailedIndex);
        }

        var etag = RowVersions.ETagOf(write.Version);
        var responses = Array.ConvertAll(changes, change => Success(204, change.IsDeletion ? default : etag));
        return Response.FromValue<IReadOnlyList<Response>>(responses, new StoredResponse(202, []));
    }

    private static TableError? Check(TableTransactionActionType type, TableEntity entity) =>
        EntityLimits.CheckKeys(entity) ?? (type == TableTransactionActionType.Delete ? null : EntityLimits.CheckProperties(entity));

    private static RowChange ToChange(byte[]? prefix, TableTransactionAction action, TableEntity entity)
    {
        // An update without an ETag is an upsert, because the SDK's client sends the same request for both.
        var type = action.ActionType switch
        {
            TableTransactionActionType.UpdateMerge when action.ETag == default => TableTransactionActionType.UpsertMerge,
            TableTransactionActionType.UpdateReplace when action.ETag == default => TableTransactionActionType.UpsertReplace,
            var other => other,
        };
        return new RowChange(
            type,
            RowKey.Encode(prefix, entity.PartitionKey, entity.RowKey),
            action.ETag == default || action.ETag == ETag.All ? null : RowVersions.Parse(action.ETag),
            type == TableTransactionActionType.Delete ? default : EntityCodec.Encode(entity)
        );
    }

    // The limit is for the request. It is never exceeded unless the properties take an eighth of it, so its size is rarely estimated.
    private static void CheckSize(IReadOnlyList<TableTransactionAction> actions, RowChange[] changes)
    {
        if (
            changes.Sum(change => change.Properties.Length) > MaxTransactionSize / 8
            && actions.Sum(action => RequestSizeOf(EntityOf(action))) > MaxTransactionSize
        )
        {
            throw TableError.RequestBodyTooLarge.ToException();
        }
    }

    /// <summary>The approximate size of a change in the request of the SDK's client: headers, and the entity as JSON.</summary>
    private static long RequestSizeOf(TableEntity entity)
    {
        const int Headers = 700,
            NameAndType = 50;
        return Headers
            + entity.Sum(property =>
                property.Key.Length
                + NameAndType
                + property.Value switch
                {
                    string text => JsonEncodedText.Encode(text).EncodedUtf8Bytes.Length,
                    byte[] bytes => Base64.GetMaxEncodedToUtf8Length(bytes.Length),
                    _ => 0,
                }
            );
    }

    private static StoredResponse Success(int status, ETag etag) =>
        new(status, etag == default ? [] : [new HttpHeader(HttpHeader.Names.ETag, etag.ToString())]);

    private static TableEntity EntityOf(TableTransactionAction action) =>
        action.Entity as TableEntity
        ?? throw new NotSupportedException($"The local host supports {nameof(TableEntity)} only, not {action.Entity.GetType().Name}.");

    private static void ThrowIfError(TableError? error)
    {
        if (error is not null)
        {
            throw error.ToException();
        }
    }

    private byte[]? Get(byte[] key)
    {
        try
        {
            return _database.Get(key);
        }
        catch (StorageUnavailableException exception)
        {
            throw TableError.InternalError(exception);
        }
    }

    private async ValueTask WriteAsync(WriteOperation operation)
    {
        try
        {
            await _database.WriteAsync(operation);
        }
        catch (StorageUnavailableException exception)
        {
            throw TableError.InternalError(exception);
        }
    }

    private void Add(string table) => _prefixes.TryAdd(table, RowKey.PrefixOf(table));

    private sealed class TableCreation(TableStore store, string table) : WriteOperation
    {
        private readonly byte[] _key = RowKey.ForName(table);

        public bool IsNew { get; private set; }

        public override void Apply(WriteBatch batch)
        {
            IsNew = batch.Get(_key) is null;
            if (IsNew)
            {
                batch.Put(_key, []);
            }
        }

        public override void OnCommitted() => store.Add(table);
    }
}
