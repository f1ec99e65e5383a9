using Azure.Data.Tables;

namespace LocalHost.Tables;

/// <summary>A change of a row.</summary>
/// <param name="Type">The kind of change.</param>
/// <param name="Key">The key of the row in the database.</param>
/// <param name="IfMatch">The version that the row must have to be updated or deleted; null for any.</param>
/// <param name="Properties">The encoded properties. A merge adds those of the row.</param>
internal record struct RowChange(TableTransactionActionType Type, byte[] Key, long? IfMatch, ReadOnlyMemory<byte> Properties)
{
    public readonly bool IsDeletion => Type == TableTransactionActionType.Delete;
}
