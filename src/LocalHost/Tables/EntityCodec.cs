using Azure.Data.Tables;
using LocalHost.Storage;

namespace LocalHost.Tables;

/// <summary>Encodes the properties of an entity, without its keys and timestamp.</summary>
internal static class EntityCodec
{
    public const string PartitionKeyName = nameof(TableEntity.PartitionKey);
    public const string RowKeyName = nameof(TableEntity.RowKey);

    public static ReadOnlyMemory<byte> Encode(TableEntity entity)
    {
        using var writer = new ByteWriter();
        foreach (var (name, value) in entity)
        {
            if (value is not null && !IsSystem(name))
            {
                PropertyFormat.Write(
                    writer,
                    name,
                    value is string or bool or int or long or double or DateTimeOffset or Guid or byte[]
                        ? value
                        : throw new NotSupportedException($"Table Storage doesn't support properties of type {value.GetType()}.")
                );
            }
        }

        return writer.Written.ToArray();
    }

    /// <summary>Adds the (selected) properties that the entity doesn't have yet.</summary>
    public static void ReadInto(TableEntity entity, ReadOnlySpan<byte> bytes, string[]? select = null)
    {
        if (select is not null && Array.TrueForAll(select, IsSystem))
        {
            return;
        }

        while (!bytes.IsEmpty)
        {
            var name = PropertyFormat.ReadName(ref bytes);
            if ((select is null || select.Contains(name)) && !entity.ContainsKey(name))
            {
                entity[name] = PropertyFormat.ReadValue(ref bytes);
            }
            else
            {
                PropertyFormat.SkipValue(ref bytes);
            }
        }
    }

    /// <summary>Whether every entity has a property of this name.</summary>
    public static bool IsSystem(string name) => name is PartitionKeyName or RowKeyName or "Timestamp" or "odata.etag";
}
