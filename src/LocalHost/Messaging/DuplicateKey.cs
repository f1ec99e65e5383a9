using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;

namespace LocalHost.Messaging;

/// <summary>The hash of a message id: 96 bits of SHA-256, so that ids don't collide by chance or by design.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 4)]
internal readonly record struct DuplicateKey(ulong First, uint Second)
{
    public const int Length = 12;

    public static DuplicateKey Of(string messageId)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        Span<byte> utf8 = stackalloc byte[MessageLimits.MessageIdLength * 3];
        SHA256.HashData(utf8[..Encoding.UTF8.GetBytes(messageId, utf8)], hash);
        return Read(hash);
    }

    public static DuplicateKey Read(ReadOnlySpan<byte> bytes) =>
        new(BinaryPrimitives.ReadUInt64LittleEndian(bytes), BinaryPrimitives.ReadUInt32LittleEndian(bytes[8..]));

    public void Write(Span<byte> bytes)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, First);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[8..], Second);
    }

    // Any part of a cryptographic hash is a good hash code.
    public override int GetHashCode() => (int)Second;
}
