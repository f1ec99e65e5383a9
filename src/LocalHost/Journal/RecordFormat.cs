using System.Buffers.Binary;
using System.Numerics;

namespace LocalHost.Journaling;

/// <summary>
/// A record on disk: length of the payload (4 bytes, little endian), checksum (4), kind (1), payload. The checksum is CRC-32C over payload,
/// position, length and kind, so bytes that once lay elsewhere never pass. The kind's high bit marks the first record of a group:
/// where one is found, everything before it had been flushed.
/// </summary>
internal static class RecordFormat
{
    public const int HeaderLength = 9;
    public const byte GroupStart = 0x80;
    public const int MaxPayload = 32 << 20;

    /// <summary>The checksum of a payload that lies in two parts; how it is divided makes no difference.</summary>
    public static uint Checksum(ReadOnlySpan<byte> first, ReadOnlySpan<byte> second) => Checksum(Checksum(uint.MaxValue, first), second);

    private static uint Checksum(uint crc, ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length >= sizeof(ulong))
        {
            crc = BitOperations.Crc32C(crc, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
            bytes = bytes[sizeof(ulong)..];
        }
        foreach (var b in bytes)
            crc = BitOperations.Crc32C(crc, b);
        return crc;
    }

    public static void WriteHeader(Span<byte> header, uint payloadChecksum, long position, int length, byte kind)
    {
        BinaryPrimitives.WriteInt32LittleEndian(header, length);
        BinaryPrimitives.WriteUInt32LittleEndian(header[4..], Seal(payloadChecksum, position, length, kind));
        header[8] = kind;
    }

    /// <summary>The payload's length if the header can be one, else -1.</summary>
    public static int ReadLength(ReadOnlySpan<byte> header)
    {
        var length = BinaryPrimitives.ReadInt32LittleEndian(header);
        return length is < 0 or > MaxPayload || (header[8] & ~GroupStart) == 0 ? -1 : length;
    }

    public static bool IsIntact(ReadOnlySpan<byte> header, ReadOnlySpan<byte> payload, long position) =>
        BinaryPrimitives.ReadUInt32LittleEndian(header[4..]) == Seal(Checksum(payload, []), position, payload.Length, header[8]);

    private static uint Seal(uint crc, long position, int length, byte kind)
    {
        crc = BitOperations.Crc32C(crc, (ulong)position);
        crc = BitOperations.Crc32C(crc, (uint)length);
        return BitOperations.Crc32C(crc, kind);
    }
}
