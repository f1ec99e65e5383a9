using System.Buffers.Binary;
using Azure.Data.Tables;

namespace LocalHost.Tables;

/// <summary>
/// The value of a row in the database: its version (8 bytes, big-endian), and its properties as encoded by <see cref="EntityCodec"/>.
/// </summary>
internal static class StoredRow
{
    public const int HeaderLength = sizeof(long);

    public static long VersionOf(ReadOnlySpan<byte> row) => BinaryPrimitives.ReadInt64BigEndian(row);

    public static void Write(Span<byte> row, long version, ReadOnlySpan<byte> properties)
    {
        BinaryPrimitives.WriteInt64BigEndian(row, version);
        properties.CopyTo(row[HeaderLength..]);
    }

    /// <summary>Reads the keys and the timestamp only.</summary>
    /// <param name="key">The row's key within its table.</param>
    /// <param name="row">The row's value.</param>
    public static TableEntity ReadKeys(ReadOnlySpan<byte> key, ReadOnlySpan<byte> row)
    {
        var (partitionKey, rowKey) = RowKey.Decode(key);
        return new TableEntity(partitionKey, rowKey) { Timestamp = new DateTimeOffset(VersionOf(row), TimeSpan.Zero) };
    }

    public static void ReadProperties(TableEntity entity, ReadOnlySpan<byte> row, string[]? select) =>
        EntityCodec.ReadInto(entity, row[HeaderLength..], select);

    /// <summary>The entity with its ETag, reduced to the selected properties, if any.</summary>
    public static TableEntity Project(TableEntity entity, ReadOnlySpan<byte> row, string[]? select)
    {
        var etag = RowVersions.ETagOf(VersionOf(row));
        if (select is null)
        {
            entity.ETag = etag;
            return entity;
        }

        var projected = new TableEntity { ETag = etag };
        foreach (var name in select)
        {
            projected[name] = entity[name];
        }

        return projected;
    }
}
