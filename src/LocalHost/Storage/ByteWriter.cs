using System.Buffers;

namespace LocalHost.Storage;

/// <summary>Bytes that grow, and can be cut back to an earlier length. Disposing gives the memory back, and the bytes are gone.</summary>
internal sealed class ByteWriter(int capacity = 512) : IDisposable
{
    // Batches are large, and the garbage of large arrays is dear where millions of messages wait.
    private byte[] _bytes = ArrayPool<byte>.Shared.Rent(capacity);

    public int Length { get; private set; }

    public Span<byte> Written => _bytes.AsSpan(0, Length);

    /// <summary>The next <paramref name="length"/> bytes, for the caller to fill.</summary>
    public Span<byte> Take(int length)
    {
        if (Length + length > _bytes.Length)
        {
            Grow(Length + length);
        }

        Length += length;
        return _bytes.AsSpan(Length - length, length);
    }

    public void Write(ReadOnlySpan<byte> bytes) => bytes.CopyTo(Take(bytes.Length));

    /// <summary>Writes the length of what follows: 7 bits a byte, the lowest first, all but the last with the highest bit set.</summary>
    public void WriteLength(int length)
    {
        var rest = (uint)length;
        for (; rest >= 0x80; rest >>= 7)
        {
            Take(1)[0] = (byte)(rest | 0x80);
        }

        Take(1)[0] = (byte)rest;
    }

    public void CutTo(int length) => Length = length;

    public void Dispose()
    {
        var bytes = _bytes;
        (_bytes, Length) = ([], 0);
        if (bytes.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(bytes);
        }
    }

    private void Grow(int needed)
    {
        var larger = ArrayPool<byte>.Shared.Rent(Math.Max(needed, _bytes.Length * 2));
        Written.CopyTo(larger);
        if (_bytes.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(_bytes);
        }

        _bytes = larger;
    }
}
