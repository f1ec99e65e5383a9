using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Serialization;
using System.Text;

namespace LocalHost.Storage;

/// <summary>
/// The binary format of the properties of messages and table rows: for each its name, the type of its value (1 byte), and the value. Names
/// and values are prefixed by their length; numbers have the layout of memory, little-endian on all supported platforms.
/// </summary>
internal static class PropertyFormat
{
    // Caches names, which repeat in all messages and rows. A race on a slot only costs a string.
    private static readonly string?[] s_names = new string?[256];

    private enum Tag : byte
    {
        Null,
        String,
        Boolean,
        Byte,
        SByte,
        Int16,
        UInt16,
        Int32,
        UInt32,
        Int64,
        UInt64,
        Single,
        Double,
        Decimal,
        Char,
        Guid,
        DateTime,
        DateTimeOffset,
        TimeSpan,
        Uri,
        Binary,
    }

    /// <exception cref="SerializationException">Neither Service Bus nor Table Storage supports the type of the value.</exception>
    public static void Write(ByteWriter writer, string name, object? value)
    {
        WriteText(writer, name);
        switch (value)
        {
            case null:
                Start(writer, Tag.Null, 0);
                break;
            case string text:
                WriteText(writer, Tag.String, text);
                break;
            case bool flag:
                WriteNumber(writer, Tag.Boolean, flag);
                break;
            case byte number:
                WriteNumber(writer, Tag.Byte, number);
                break;
            case sbyte number:
                WriteNumber(writer, Tag.SByte, number);
                break;
            case short number:
                WriteNumber(writer, Tag.Int16, number);
                break;
            case ushort number:
                WriteNumber(writer, Tag.UInt16, number);
                break;
            case int number:
                WriteNumber(writer, Tag.Int32, number);
                break;
            case uint number:
                WriteNumber(writer, Tag.UInt32, number);
                break;
            case long number:
                WriteNumber(writer, Tag.Int64, number);
                break;
            case ulong number:
                WriteNumber(writer, Tag.UInt64, number);
                break;
            case float number:
                WriteNumber(writer, Tag.Single, number);
                break;
            case double number:
                WriteNumber(writer, Tag.Double, number);
                break;
            case decimal number:
                WriteNumber(writer, Tag.Decimal, number);
                break;
            case char character:
                WriteNumber(writer, Tag.Char, character);
                break;
            case Guid guid:
                WriteNumber(writer, Tag.Guid, guid);
                break;
            // AMQP timestamps are UTC.
            case DateTime time:
                WriteNumber(writer, Tag.DateTime, time.ToUniversalTime().Ticks);
                break;
            case DateTimeOffset time:
                WriteNumber(writer, Tag.DateTimeOffset, time.UtcTicks);
                break;
            case TimeSpan span:
                WriteNumber(writer, Tag.TimeSpan, span.Ticks);
                break;
            case Uri uri:
                WriteText(writer, Tag.Uri, uri.AbsoluteUri);
                break;
            case byte[] bytes:
                bytes.CopyTo(Start(writer, Tag.Binary, bytes.Length));
                break;
            default:
                throw new SerializationException($"Serialization failed due to an unsupported type, {value.GetType().FullName}.");
        }
    }

    public static string ReadName(ref ReadOnlySpan<byte> bytes)
    {
        var utf8 = ReadBlock(ref bytes);
        if (utf8.IsEmpty)
        {
            return "";
        }

        ref var slot = ref s_names[((utf8.Length * 31) + (utf8[0] * 7) + (utf8[^1] * 3) + utf8[utf8.Length / 2]) % s_names.Length];
        var name = slot;
        if (name is null || !Ascii.Equals(utf8, name))
        {
            slot = name = Encoding.UTF8.GetString(utf8);
        }

        return name;
    }

    /// <summary>The value that follows a name.</summary>
    public static object? ReadValue(ref ReadOnlySpan<byte> bytes)
    {
        var tag = (Tag)ReadBytes(ref bytes, 1)[0];
        var value = ReadBlock(ref bytes);
        return tag switch
        {
            Tag.Null => null,
            Tag.String => Encoding.UTF8.GetString(value),
            Tag.Boolean => value[0] != 0,
            Tag.Byte => value[0],
            Tag.SByte => (sbyte)value[0],
            Tag.Int16 => MemoryMarshal.Read<short>(value),
            Tag.UInt16 => MemoryMarshal.Read<ushort>(value),
            Tag.Int32 => MemoryMarshal.Read<int>(value),
            Tag.UInt32 => MemoryMarshal.Read<uint>(value),
            Tag.Int64 => MemoryMarshal.Read<long>(value),
            Tag.UInt64 => MemoryMarshal.Read<ulong>(value),
            Tag.Single => MemoryMarshal.Read<float>(value),
            Tag.Double => MemoryMarshal.Read<double>(value),
            Tag.Decimal => MemoryMarshal.Read<decimal>(value),
            Tag.Char => MemoryMarshal.Read<char>(value),
            Tag.Guid => MemoryMarshal.Read<Guid>(value),
            Tag.DateTime => new DateTime(MemoryMarshal.Read<long>(value), DateTimeKind.Utc),
            Tag.DateTimeOffset => new DateTimeOffset(MemoryMarshal.Read<long>(value), TimeSpan.Zero),
            Tag.TimeSpan => new TimeSpan(MemoryMarshal.Read<long>(value)),
            Tag.Uri => new Uri(Encoding.UTF8.GetString(value)),
            Tag.Binary => value.ToArray(),
            _ => throw new InvalidDataException($"A stored property has the unknown type {tag}."),
        };
    }

    public static void SkipValue(ref ReadOnlySpan<byte> bytes)
    {
        ReadBytes(ref bytes, 1);
        ReadBlock(ref bytes);
    }

    public static void WriteText(ByteWriter writer, string text)
    {
        var length = Encoding.UTF8.GetByteCount(text);
        writer.WriteVarint(length);
        Encoding.UTF8.GetBytes(text, writer.Append(length));
    }

    public static string ReadText(ref ReadOnlySpan<byte> bytes) => Encoding.UTF8.GetString(ReadBlock(ref bytes));

    /// <summary>Reads what <see cref="ByteWriter.WriteVarint"/> wrote.</summary>
    public static int ReadVarint(ref ReadOnlySpan<byte> bytes)
    {
        var (value, shift) = (0, 0);
        byte next;
        do
        {
            next = ReadBytes(ref bytes, 1)[0];
            value |= (next & 0x7F) << shift;
            shift += 7;
        } while (next >= 0x80);
        return value;
    }

    private static void WriteText(ByteWriter writer, Tag tag, string text)
    {
        writer.Append(1)[0] = (byte)tag;
        WriteText(writer, text);
    }

    private static void WriteNumber<T>(ByteWriter writer, Tag tag, T number)
        where T : unmanaged => MemoryMarshal.Write(Start(writer, tag, Unsafe.SizeOf<T>()), in number);

    /// <returns>The bytes of the value, to be filled in.</returns>
    private static Span<byte> Start(ByteWriter writer, Tag tag, int length)
    {
        writer.Append(1)[0] = (byte)tag;
        writer.WriteVarint(length);
        return writer.Append(length);
    }

    private static ReadOnlySpan<byte> ReadBlock(ref ReadOnlySpan<byte> bytes) => ReadBytes(ref bytes, ReadVarint(ref bytes));

    private static ReadOnlySpan<byte> ReadBytes(ref ReadOnlySpan<byte> bytes, int length)
    {
        var read = bytes[..length];
        bytes = bytes[length..];
        return read;
    }
}
