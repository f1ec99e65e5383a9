using System.Buffers.Binary;
using System.Runtime.Serialization;
using System.Text;

namespace LocalHost.Messaging;

/// <summary>Application properties as bytes: for each its name, a tag for its type, its value. The types are those that Service Bus carries.</summary>
internal static class PropertyFormat
{
    private enum Tag : byte
    {
        Null, String, Boolean, Byte, SByte, Int16, UInt16, Int32, UInt32, Int64, UInt64, Single, Double, Decimal, Char, Guid, DateTime, DateTimeOffset,
        TimeSpan, Uri,
    }

    /// <exception cref="SerializationException">The value is of a type that Service Bus doesn't carry.</exception>
    public static void Write(ByteWriter writer, string name, object? value)
    {
        WriteString(writer, name);
        switch (value)
        {
            case null: WriteTag(writer, Tag.Null); break;
            case string text: WriteTag(writer, Tag.String); WriteString(writer, text); break;
            case bool flag: WriteNumber(writer, Tag.Boolean, flag ? 1 : 0, 1); break;
            case byte number: WriteNumber(writer, Tag.Byte, number, 1); break;
            case sbyte number: WriteNumber(writer, Tag.SByte, number, 1); break;
            case short number: WriteNumber(writer, Tag.Int16, number, 2); break;
            case ushort number: WriteNumber(writer, Tag.UInt16, number, 2); break;
            case int number: WriteNumber(writer, Tag.Int32, number, 4); break;
            case uint number: WriteNumber(writer, Tag.UInt32, number, 4); break;
            case long number: WriteNumber(writer, Tag.Int64, number, 8); break;
            case ulong number: WriteNumber(writer, Tag.UInt64, (long)number, 8); break;
            case float number: WriteNumber(writer, Tag.Single, BitConverter.SingleToInt32Bits(number), 4); break;
            case double number: WriteNumber(writer, Tag.Double, BitConverter.DoubleToInt64Bits(number), 8); break;
            case char character: WriteNumber(writer, Tag.Char, character, 2); break;
            // AMQP timestamps are UTC.
            case DateTime time: WriteNumber(writer, Tag.DateTime, time.ToUniversalTime().Ticks, 8); break;
            case DateTimeOffset time: WriteNumber(writer, Tag.DateTimeOffset, time.UtcTicks, 8); break;
            case TimeSpan span: WriteNumber(writer, Tag.TimeSpan, span.Ticks, 8); break;
            case Uri uri: WriteTag(writer, Tag.Uri); WriteString(writer, uri.AbsoluteUri); break;
            case Guid guid:
                WriteTag(writer, Tag.Guid);
                guid.TryWriteBytes(writer.Take(16));
                break;
            case decimal number:
                WriteTag(writer, Tag.Decimal);
                foreach (var part in decimal.GetBits(number))
                    WriteBytes(writer, part, 4);
                break;
            default:
                throw new SerializationException($"Serialization failed due to an unsupported type, {value.GetType().FullName}.");
        }
    }

    public static (string Name, object? Value) Read(ref ReadOnlySpan<byte> bytes)
    {
        var name = ReadString(ref bytes)!;
        var tag = (Tag)bytes[0];
        bytes = bytes[1..];
        object? value = tag switch
        {
            Tag.Null => null,
            Tag.String => ReadString(ref bytes),
            Tag.Boolean => Take(ref bytes, 1)[0] != 0,
            Tag.Byte => Take(ref bytes, 1)[0],
            Tag.SByte => (sbyte)Take(ref bytes, 1)[0],
            Tag.Int16 => BinaryPrimitives.ReadInt16LittleEndian(Take(ref bytes, 2)),
            Tag.UInt16 => BinaryPrimitives.ReadUInt16LittleEndian(Take(ref bytes, 2)),
            Tag.Int32 => BinaryPrimitives.ReadInt32LittleEndian(Take(ref bytes, 4)),
            Tag.UInt32 => BinaryPrimitives.ReadUInt32LittleEndian(Take(ref bytes, 4)),
            Tag.Int64 => BinaryPrimitives.ReadInt64LittleEndian(Take(ref bytes, 8)),
            Tag.UInt64 => BinaryPrimitives.ReadUInt64LittleEndian(Take(ref bytes, 8)),
            Tag.Single => BinaryPrimitives.ReadSingleLittleEndian(Take(ref bytes, 4)),
            Tag.Double => BinaryPrimitives.ReadDoubleLittleEndian(Take(ref bytes, 8)),
            Tag.Char => (char)BinaryPrimitives.ReadUInt16LittleEndian(Take(ref bytes, 2)),
            Tag.Guid => new Guid(Take(ref bytes, 16)),
            Tag.DateTime => new DateTime(BinaryPrimitives.ReadInt64LittleEndian(Take(ref bytes, 8)), DateTimeKind.Utc),
            Tag.DateTimeOffset => new DateTimeOffset(BinaryPrimitives.ReadInt64LittleEndian(Take(ref bytes, 8)), TimeSpan.Zero),
            Tag.TimeSpan => new TimeSpan(BinaryPrimitives.ReadInt64LittleEndian(Take(ref bytes, 8))),
            Tag.Uri => new Uri(ReadString(ref bytes)!),
            Tag.Decimal => ReadDecimal(ref bytes),
            _ => throw new InvalidDataException("A stored property is of an unknown type."),
        };
        return (name, value);
    }

    public static void WriteString(ByteWriter writer, string? text)
    {
        if (text is null)
        {
            WriteBytes(writer, -1, 4);
            return;
        }
        var length = Encoding.UTF8.GetByteCount(text);
        WriteBytes(writer, length, 4);
        Encoding.UTF8.GetBytes(text, writer.Take(length));
    }

    public static string? ReadString(ref ReadOnlySpan<byte> bytes)
    {
        var length = BinaryPrimitives.ReadInt32LittleEndian(Take(ref bytes, 4));
        return length < 0 ? null : Encoding.UTF8.GetString(Take(ref bytes, length));
    }

    public static void WriteBytes(ByteWriter writer, long number, int length)
    {
        Span<byte> bytes = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, number);
        writer.Write(bytes[..length]);
    }

    private static void WriteNumber(ByteWriter writer, Tag tag, long number, int length)
    {
        WriteTag(writer, tag);
        WriteBytes(writer, number, length);
    }

    private static void WriteTag(ByteWriter writer, Tag tag) => WriteBytes(writer, (byte)tag, 1);

    private static decimal ReadDecimal(ref ReadOnlySpan<byte> bytes)
    {
        Span<int> parts = stackalloc int[4];
        for (var i = 0; i < parts.Length; i++)
            parts[i] = BinaryPrimitives.ReadInt32LittleEndian(Take(ref bytes, 4));
        return new decimal(parts);
    }

    private static ReadOnlySpan<byte> Take(ref ReadOnlySpan<byte> bytes, int length)
    {
        var taken = bytes[..length];
        bytes = bytes[length..];
        return taken;
    }
}
