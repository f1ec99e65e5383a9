using System.Runtime.InteropServices;
using System.Runtime.Serialization;
using LocalHost.Storage;

namespace LocalHost.Messaging;

/// <summary>
/// The binary format of a message: a header of fixed length, the content from the sender (message id, content type, properties), and the
/// body, which is encrypted on disk and decrypted in memory.
/// </summary>
/// <remarks>
/// The content starts with tagged fields of a common form, so that fields can be added, and unknown ones are skipped.
/// </remarks>
internal static class StoredMessage
{
    // The format (1 byte) and a StoredHeader.
    public const int HeaderLength = 25;

    private const byte Format = 1;

    private enum Field : byte
    {
        MessageId = 1,
        ContentType = 2,
    }

    /// <summary>Appends the content of a message.</summary>
    /// <returns>The sizes of all properties and of the largest one, in bytes.</returns>
    public static (int Properties, int LargestProperty) WriteContent(
        ByteWriter writer,
        string? messageId,
        string? contentType,
        ICollection<KeyValuePair<string, object>> properties
    )
    {
        writer.Append(1)[0] = (byte)((messageId is null ? 0 : 1) + (contentType is null ? 0 : 1));
        WriteField(writer, Field.MessageId, messageId);
        WriteField(writer, Field.ContentType, contentType);
        writer.WriteVarint(properties.Count);
        int start = writer.Length,
            largest = 0;
        foreach (var (name, value) in properties)
        {
            var propertyStart = writer.Length;
            WriteProperty(writer, name, value);
            largest = Math.Max(largest, writer.Length - propertyStart);
        }

        return (writer.Length - start, largest);
    }

    /// <exception cref="SerializationException">Service Bus doesn't support the type of the value.</exception>
    public static void WriteProperty(ByteWriter writer, string name, object? value) =>
        PropertyFormat.Write(
            writer,
            name,
            value is byte[] ? throw new SerializationException("Serialization failed due to an unsupported type, System.Byte[].") : value
        );

    public static void WriteHeader(Span<byte> message, StoredHeader header)
    {
        message[0] = Format;
        MemoryMarshal.Write(message[1..], in header);
    }

    /// <exception cref="InvalidDataException">The format is unknown.</exception>
    public static StoredHeader ReadHeader(ReadOnlySpan<byte> message) =>
        message[0] == Format
            ? MemoryMarshal.Read<StoredHeader>(message[1..])
            : throw new InvalidDataException($"A stored message has the unknown format {message[0]}.");

    public static ReadOnlySpan<byte> BodyOf(ReadOnlySpan<byte> message) => message[ReadHeader(message).BodyStart..];

    public static string? ReadMessageId(ReadOnlySpan<byte> message)
    {
        var rest = message[HeaderLength..];
        return ReadFields(ref rest).MessageId;
    }

    public static StoredContent ReadContent(ReadOnlySpan<byte> message)
    {
        var rest = message[HeaderLength..];
        var (messageId, contentType) = ReadFields(ref rest);
        var count = PropertyFormat.ReadVarint(ref rest);
        var properties = new Dictionary<string, object>(count, StringComparer.Ordinal);
        for (; count > 0; count--)
        {
            properties.Add(PropertyFormat.ReadName(ref rest), PropertyFormat.ReadValue(ref rest)!);
        }

        return new(messageId, contentType, properties);
    }

    /// <summary>The message with changed properties and header. The body stays encrypted.</summary>
    public static byte[] Rewrite(ReadOnlySpan<byte> message, IEnumerable<KeyValuePair<string, object>> changes, int deliveryCount)
    {
        var content = ReadContent(message);
        foreach (var (name, value) in changes)
        {
            content.Properties[name] = value;
        }

        using var writer = new ByteWriter(message.Length + 512);
        writer.Append(HeaderLength);
        WriteContent(writer, content.MessageId, content.ContentType, content.Properties);
        var header = ReadHeader(message) with { DeliveryCount = deliveryCount, BodyStart = writer.Length };
        writer.Write(BodyOf(message));
        WriteHeader(writer.Written, header);
        return writer.Written.ToArray();
    }

    private static (string? MessageId, string? ContentType) ReadFields(ref ReadOnlySpan<byte> content)
    {
        string? messageId = null,
            contentType = null;
        var fields = content[0];
        content = content[1..];
        for (; fields > 0; fields--)
        {
            var field = (Field)content[0];
            content = content[1..];
            var value = PropertyFormat.ReadText(ref content);
            messageId = field == Field.MessageId ? value : messageId;
            contentType = field == Field.ContentType ? value : contentType;
        }

        return (messageId, contentType);
    }

    private static void WriteField(ByteWriter writer, Field field, string? value)
    {
        if (value is not null)
        {
            writer.Append(1)[0] = (byte)field;
            PropertyFormat.WriteText(writer, value);
        }
    }
}

internal sealed record StoredContent(string? MessageId, string? ContentType, Dictionary<string, object> Properties);
