using System.Text.Json;
using Azure;
using Azure.Data.Tables;
using EventSubscriptions.Storage;
using Microsoft.Extensions.Logging;

namespace EventSubscriptions.Events.Catalogue;

/// <summary>
/// The table <c>eventtypes</c>: custom event types as <c>n:{name in lower case}</c>, so that names are unique ignoring case, and a row
/// <c>v</c> that every change rewrites in the same transaction.
/// </summary>
public sealed partial class EventTypeStore(TableServiceClient tables, ILogger<EventTypeStore> logger)
{
    private const string Partition = "types";
    private const string TypePrefix = "n:";
    private const string VersionKey = "v";
    private const string VersionColumn = "version";
    private const string NameColumn = "name";

    /// <summary>The largest piece of a definition in one property of at most 64 KiB.</summary>
    private const int ChunkBytes = 60 * 1024;

    private static readonly string[] s_versionColumns = [VersionColumn];

    private readonly TableClient _table = tables.GetTableClient(TableNames.EventTypes);

    /// <summary>The version of all types, which every change rewrites; null if there never was one.</summary>
    public async Task<string?> GetVersionAsync(CancellationToken cancellationToken)
    {
        var row = await _table.GetEntityIfExistsAsync<TableEntity>(Partition, VersionKey, s_versionColumns, cancellationToken);
        return row.HasValue ? row.Value!.GetString(VersionColumn) : null;
    }

    /// <summary>All custom types. One that can't be read is logged and left out: the others must stay usable.</summary>
    public async Task<IReadOnlyList<EventType>> ListAsync(CancellationToken cancellationToken)
    {
        List<EventType> types = [];
        var filter = RowRange.StartingWith(Partition, TypePrefix).ToFilter();
        await foreach (var row in _table.QueryAsync<TableEntity>(filter, cancellationToken: cancellationToken))
        {
            try
            {
                types.Add(Read(row).Type);
            }
            catch (Exception exception) when (exception is InvalidDataException or JsonException or FormatException)
            {
                Log.NotRead(logger, exception, row.RowKey);
            }
        }

        return types;
    }

    /// <summary>The type with a name, in any case; null if there is none.</summary>
    public async Task<StoredEventType?> FindAsync(EventName name, CancellationToken cancellationToken)
    {
        var row = await _table.GetEntityIfExistsAsync<TableEntity>(Partition, Key(name), cancellationToken: cancellationToken);
        return row.HasValue ? Read(row.Value!) : null;
    }

    /// <summary>Adds a type, or replaces a version of it. Returns false if another change was faster.</summary>
    /// <param name="definition">Its fields as JSON, see <see cref="EventTypeFields"/>.</param>
    /// <param name="version">The version to replace, or null to add.</param>
    public Task<bool> TryWriteAsync(EventName name, ReadOnlyMemory<byte> definition, ETag? version, CancellationToken cancellationToken)
    {
        var row = new TableEntity(Partition, Key(name)) { [NameColumn] = name.ToString() };
        for (int index = 0, offset = 0; offset < definition.Length; index++, offset += ChunkBytes)
        {
            row[$"p{index}"] = definition[offset..Math.Min(offset + ChunkBytes, definition.Length)].ToArray();
        }

        return TrySubmitAsync(
            version is { } known
                ? new TableTransactionAction(TableTransactionActionType.UpdateReplace, row, known)
                : new TableTransactionAction(TableTransactionActionType.Add, row),
            cancellationToken
        );
    }

    /// <summary>Deletes a version of a type. Returns false if another change was faster.</summary>
    public Task<bool> TryDeleteAsync(EventName name, ETag version, CancellationToken cancellationToken) =>
        TrySubmitAsync(
            new TableTransactionAction(TableTransactionActionType.Delete, new TableEntity(Partition, Key(name)), version),
            cancellationToken
        );

    private async Task<bool> TrySubmitAsync(TableTransactionAction change, CancellationToken cancellationToken)
    {
        var version = new TableEntity(Partition, VersionKey) { [VersionColumn] = Guid.NewGuid().ToString("N") };
        try
        {
            await _table.SubmitTransactionAsync([change, new(TableTransactionActionType.UpsertReplace, version)], cancellationToken);
            return true;
        }
        catch (RequestFailedException faster) when (faster.Status is 404 or 409 or 412)
        {
            return false;
        }
    }

    private static StoredEventType Read(TableEntity row)
    {
        List<byte> definition = [];
        for (var index = 0; row.GetBinary($"p{index}") is { } chunk; index++)
        {
            definition.AddRange(chunk);
        }

        using var document = JsonDocument.Parse(definition.ToArray());
        return new StoredEventType(EventTypeFields.Read(EventName.Parse(row.GetString(NameColumn)), document.RootElement), row.ETag);
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Error, "Could not read the custom event type in the row {RowKey}.")]
        public static partial void NotRead(ILogger logger, Exception exception, string rowKey);
    }

    private static string Key(EventName name) => TypePrefix + name.ToString().ToLowerInvariant();
}

/// <summary>A custom event type and the version of its row.</summary>
public sealed record StoredEventType(EventType Type, ETag Version);
