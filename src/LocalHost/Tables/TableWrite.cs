using Azure.Data.Tables;
using LocalHost.Storage;

namespace LocalHost.Tables;

/// <summary>Applies all changes, or none if one fails. The keys must be distinct.</summary>
internal sealed class TableWrite(RowVersions versions, int tableLength, RowChange[] changes) : WriteOperation
{
    /// <summary>The error of the change that failed, if any.</summary>
    public TableError? Error { get; private set; }

    /// <summary>The index of the change that failed.</summary>
    public int FailedIndex { get; private set; }

    /// <summary>The version of the changed rows.</summary>
    public long Version { get; private set; }

    public override void Apply(WriteBatch batch)
    {
        // Checks all changes before it writes any, so that an error needs no exception.
        for (FailedIndex = 0; FailedIndex < changes.Length; FailedIndex++)
        {
            Error = Prepare(batch, ref changes[FailedIndex]);
            if (Error is not null)
            {
                return;
            }
        }

        Version = versions.Next(batch);
        foreach (var change in changes)
        {
            if (change.IsDeletion)
            {
                batch.Delete(change.Key);
            }
            else
            {
                StoredRow.Write(batch.Put(change.Key, StoredRow.HeaderLength + change.Properties.Length), Version, change.Properties.Span);
            }
        }
    }

    public override void OnRolledBack(Exception exception) => versions.InvalidateReservation();

    private TableError? Prepare(WriteBatch batch, ref RowChange change)
    {
        if (change.Type == TableTransactionActionType.UpsertReplace)
        {
            return null;
        }

        var row = batch.Get(change.Key);
        if (Check(change, row) is { } error)
        {
            return error;
        }

        var merges = change.Type is TableTransactionActionType.UpdateMerge or TableTransactionActionType.UpsertMerge;
        return merges && row is not null ? Merge(ref change, row) : null;
    }

    private static TableError? Check(in RowChange change, byte[]? row) =>
        (change.Type, row) switch
        {
            (TableTransactionActionType.Add, not null) => TableError.EntityAlreadyExists,
            (TableTransactionActionType.Add or TableTransactionActionType.UpsertMerge, _) => null,
            (_, null) => TableError.ResourceNotFound,
            _ => change.IfMatch is { } version && version != StoredRow.VersionOf(row) ? TableError.UpdateConditionNotSatisfied : null,
        };

    private TableError? Merge(ref RowChange change, byte[] row)
    {
        var (partitionKey, rowKey) = RowKey.Decode(change.Key.AsSpan(tableLength));
        var merged = new TableEntity(partitionKey, rowKey);
        EntityCodec.ReadInto(merged, change.Properties.Span);
        EntityCodec.ReadInto(merged, row.AsSpan(StoredRow.HeaderLength));
        change.Properties = EntityCodec.Encode(merged);
        return EntityLimits.CheckProperties(merged);
    }
}
