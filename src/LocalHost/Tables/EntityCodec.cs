using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using Azure.Data.Tables;

namespace LocalHost.Tables;

/// <summary>
/// The properties of an entity as bytes, without its keys and timestamp: for each its name, a byte for its type, and its value. Names and
/// values come after their length (7 bits a byte), numbers are little-endian.
/// </summary>
internal static class EntityCodec
{
    private static readonly string?[] Names = new string?[256];

    public const string PartitionKeyName = nameof(TableEntity.PartitionKey);
    public const string RowKeyName = nameof(TableEntity.RowKey);

    private enum Type : byte
    {
        String = 1,
        Int32,
        Int64,
        Double,
        False,
        True,
        DateTime,
        Guid,
        Binary,
    }

    public static ReadOnlyMemory<byte> Encode(TableEntity entity)
    {
        var output = new ArrayBufferWriter<byte>(256);
        foreach (var (name, value) in entity)
        {
            if (value is not null && !IsSystem(name))
            {
                WriteText(output, name);
                WriteValue(output, value);
            }
        }

        return output.WrittenMemory;
    }

    /// <summary>Adds the properties, or those selected, that the entity doesn't have yet.</summary>
    public static void ReadInto(TableEntity entity, ReadOnlySpan<byte> bytes, string[]? select = null)
    {
        if (select is not null && Array.TrueForAll(select, IsSystem))
        {
            return;
        }

        while (!bytes.IsEmpty)
        {
            var name = Name(ReadBytes(ref bytes));
            var type = (Type)Take(ref bytes, 1)[0];
            var value = ReadBytes(ref bytes);
            if ((select is null || select.Contains(name)) && !entity.ContainsKey(name))
            {
                entity[name] = ValueOf(type, value);
            }
        }
    }

    /// <summary>Whether the name is one of those that every entity has.</summary>
    public static bool IsSystem(string name) => name is PartitionKeyName or RowKeyName or "Timestamp" or "odata.etag";

    private static void WriteValue(ArrayBufferWriter<byte> output, object value)
    {
        switch (value)
        {
            case string text:
                Start(output, Type.String);
                WriteText(output, text);
                break;
            case bool flag:
                Start(output, flag ? Type.True : Type.False, 0);
                break;
            case int number:
                BinaryPrimitives.WriteInt32LittleEndian(Start(output, Type.Int32, sizeof(int)), number);
                break;
            case long number:
                BinaryPrimitives.WriteInt64LittleEndian(Start(output, Type.Int64, sizeof(long)), number);
                break;
            case double number:
                BinaryPrimitives.WriteDoubleLittleEndian(Start(output, Type.Double, sizeof(double)), number);
                break;
            case DateTimeOffset time:
                BinaryPrimitives.WriteInt64LittleEndian(Start(output, Type.DateTime, sizeof(long)), time.UtcTicks);
                break;
            case Guid id:
                id.TryWriteBytes(Start(output, Type.Guid, 16));
                break;
            case byte[] bytes:
                Start(output, Type.Binary);
                WriteLength(output, bytes.Length);
                output.Write(bytes);
                break;
            default:
                throw new NotSupportedException($"A table has no properties of type {value.GetType()}.");
        }
    }

    private static void Start(ArrayBufferWriter<byte> output, Type type)
    {
        output.GetSpan(1)[0] = (byte)type;
        output.Advance(1);
    }

    /// <returns>Where the value goes.</returns>
    private static Span<byte> Start(ArrayBufferWriter<byte> output, Type type, int length)
    {
        var span = output.GetSpan(2 + length);
        (span[0], span[1]) = ((byte)type, (byte)length);
        output.Advance(2 + length);
        return span.Slice(2, length);
    }

    private static void WriteText(ArrayBufferWriter<byte> output, string text)
    {
        var length = Encoding.UTF8.GetByteCount(text);
        WriteLength(output, length);
        output.Advance(Encoding.UTF8.GetBytes(text, output.GetSpan(length)));
    }

    private static void WriteLength(ArrayBufferWriter<byte> output, int length)
    {
        var span = output.GetSpan(5);
        var count = 0;
        for (var rest = (uint)length; ; rest >>= 7)
        {
            span[count++] = (byte)(rest < 0x80 ? rest : rest | 0x80);
            if (rest < 0x80)
            {
                break;
            }
        }

        output.Advance(count);
    }

    private static object ValueOf(Type type, ReadOnlySpan<byte> bytes) =>
        type switch
        {
            Type.String => Encoding.UTF8.GetString(bytes),
            Type.Int32 => BinaryPrimitives.ReadInt32LittleEndian(bytes),
            Type.Int64 => BinaryPrimitives.ReadInt64LittleEndian(bytes),
            Type.Double => BinaryPrimitives.ReadDoubleLittleEndian(bytes),
            Type.False => false,
            Type.True => true,
            Type.DateTime => new DateTimeOffset(BinaryPrimitives.ReadInt64LittleEndian(bytes), TimeSpan.Zero),
            Type.Guid => new Guid(bytes),
            Type.Binary => bytes.ToArray(),
            _ => throw new InvalidDataException($"An entity has a property of unknown type {(byte)type}."),
        };

    private static ReadOnlySpan<byte> ReadBytes(ref ReadOnlySpan<byte> bytes)
    {
        var (length, shift) = (0, 0);
        byte part;
        do
        {
            part = Take(ref bytes, 1)[0];
            length |= (part & 0x7F) << shift;
            shift += 7;
        }
        while (part >= 0x80);
        return Take(ref bytes, length);
    }

    private static ReadOnlySpan<byte> Take(ref ReadOnlySpan<byte> bytes, int count)
    {
        var taken = bytes[..count];
        bytes = bytes[count..];
        return taken;
    }

    // Property names repeat from row to row. What another thread does to a slot costs a string at worst.
    private static string Name(ReadOnlySpan<byte> utf8)
    {
        if (utf8.IsEmpty)
        {
            return "";
        }

        ref var slot = ref Names[((utf8.Length * 31) + (utf8[0] * 7) + (utf8[^1] * 3) + utf8[utf8.Length / 2]) % Names.Length];
        var name = slot;
        if (name is null || !Ascii.Equals(utf8, name))
        {
            slot = name = Encoding.UTF8.GetString(utf8);
        }

        return name;
    }
}
