using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace LocalHost.Messaging;

/// <summary>
/// A message as bytes: a header of fixed length that the queue fills in and updates, then what the sender gave:
/// message id, content type, properties, body.
/// </summary>
internal static class StoredMessage
{
    // length (4), id (8), sequence number (8), flags (1), delivery count (4), enqueued (8), sent (8)
    public const int HeaderLength = 41;

    private const byte ScheduledFlag = 1;
    private const byte DeadLetterFlag = 2;

    /// <summary>Appends a message, its header still empty.</summary>
    /// <returns>How many bytes its properties take, and the largest of them.</returns>
    public static (int Properties, int LargestProperty) Write(
        ByteWriter writer, string? messageId, string? contentType, ICollection<KeyValuePair<string, object>> properties, ReadOnlyMemory<byte> body)
    {
        writer.Take(HeaderLength).Clear();
        PropertyFormat.WriteString(writer, messageId);
        PropertyFormat.WriteString(writer, contentType);
        PropertyFormat.WriteBytes(writer, properties.Count, sizeof(int));
        int start = writer.Length, largest = 0;
        foreach (var (name, value) in properties)
        {
            var propertyStart = writer.Length;
            PropertyFormat.Write(writer, name, value);
            largest = Math.Max(largest, writer.Length - propertyStart);
        }
        var end = writer.Length;
        writer.Write(body.Span);
        return (end - start, largest);
    }

    public static void WriteHeader(Span<byte> message, StoredHeader header)
    {
        BinaryPrimitives.WriteInt32LittleEndian(message, message.Length);
        BinaryPrimitives.WriteInt64LittleEndian(message[4..], header.Id);
        BinaryPrimitives.WriteInt64LittleEndian(message[12..], header.SequenceNumber);
        message[20] = (byte)((header.IsScheduled ? ScheduledFlag : 0) | (header.IsDeadLetter ? DeadLetterFlag : 0));
        BinaryPrimitives.WriteInt32LittleEndian(message[21..], header.DeliveryCount);
        BinaryPrimitives.WriteInt64LittleEndian(message[25..], header.Enqueued);
        BinaryPrimitives.WriteInt64LittleEndian(message[33..], header.Sent);
    }

    public static int ReadLength(ReadOnlySpan<byte> message) => BinaryPrimitives.ReadInt32LittleEndian(message);

    public static StoredHeader ReadHeader(ReadOnlySpan<byte> message) => new(
        BinaryPrimitives.ReadInt64LittleEndian(message[4..]),
        BinaryPrimitives.ReadInt64LittleEndian(message[12..]),
        (message[20] & ScheduledFlag) != 0,
        (message[20] & DeadLetterFlag) != 0,
        BinaryPrimitives.ReadInt32LittleEndian(message[21..]),
        BinaryPrimitives.ReadInt64LittleEndian(message[25..]),
        BinaryPrimitives.ReadInt64LittleEndian(message[33..]));

    public static string? ReadMessageId(ReadOnlySpan<byte> message)
    {
        message = message[HeaderLength..];
        return PropertyFormat.ReadString(ref message);
    }

    public static StoredContent ReadContent(ReadOnlyMemory<byte> message)
    {
        var rest = message.Span[HeaderLength..];
        var messageId = PropertyFormat.ReadString(ref rest);
        var contentType = PropertyFormat.ReadString(ref rest);
        var count = BinaryPrimitives.ReadInt32LittleEndian(rest);
        rest = rest[4..];
        var properties = new Dictionary<string, object>(count, StringComparer.Ordinal);
        for (; count > 0; count--)
        {
            var (name, value) = PropertyFormat.Read(ref rest);
            properties.Add(name, value!);
        }
        return new(messageId, contentType, properties, message[^rest.Length..]);
    }
}

/// <param name="Id">What the journal knows it by: the sequence number it was sent with.</param>
/// <param name="SequenceNumber">Its place among those that are waiting: given anew when a scheduled message is due.</param>
/// <param name="Enqueued">UTC ticks; of a scheduled message, when it is due.</param>
/// <param name="Sent">UTC ticks.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct StoredHeader(
    long Id, long SequenceNumber, bool IsScheduled, bool IsDeadLetter, int DeliveryCount, long Enqueued, long Sent);

internal sealed record StoredContent(string? MessageId, string? ContentType, Dictionary<string, object> Properties, ReadOnlyMemory<byte> Body);
