using Azure.Data.Tables;
using LocalHost.Storage;

namespace LocalHost.Tables;

/// <summary>One change of a row.</summary>
/// <param name="Type">What is done.</param>
/// <param name="Key">The row's key in the database.</param>
/// <param name="IfMatch">The version that a row to be updated or deleted must have; null if any will do.</param>
/// <param name="Properties">Encoded; what the row had is merged into it.</param>
internal record struct RowChange(TableTransactionActionType Type, byte[] Key, long? IfMatch, ReadOnlyMemory<byte> Properties)
{
    public readonly bool IsDeletion => Type == TableTransactionActionType.Delete;
}

/// <summary>All of the changes, or none if one is refused. No key may occur twice.</summary>
internal sealed class TableWrite(RowVersions versions, int tableLength, RowChange[] changes) : WriteOperation
{
    /// <summary>Why the changes were refused.</summary>
    public TableError? Error { get; private set; }

    /// <summary>Which of them was.</summary>
    public int FailedIndex { get; private set; }

    /// <summary>What the rows have got.</summary>
    public long Version { get; private set; }

    public override void Apply(WriteBatch batch)
    {
        // Nothing is put before all are checked: so a refusal needs no exception.
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

    public override void OnRolledBack(Exception exception) => versions.Lost();

    private TableError? Prepare(WriteBatch batch, ref RowChange change)
    {
        if (change.Type == TableTransactionActionType.UpsertReplace)
        {
            return null;
        }

        var row = batch.Get(change.Key);
        if (Refusal(change, row) is { } error)
        {
            return error;
        }

        var merges = change.Type is TableTransactionActionType.UpdateMerge or TableTransactionActionType.UpsertMerge;
        return merges && row is not null ? Merge(ref change, row) : null;
    }

    private static TableError? Refusal(in RowChange change, byte[]? row) =>
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
