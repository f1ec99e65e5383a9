using System.Buffers;

namespace LocalHost.Storage;

/// <summary>A growable buffer of pooled memory. Disposing it returns the memory to the pool.</summary>
internal sealed class ByteWriter(int capacity = 512) : IDisposable
{
    // Pooled because batches are large, and collecting large arrays is expensive when millions of messages are queued.
    private byte[] _bytes = ArrayPool<byte>.Shared.Rent(capacity);

    public int Length { get; private set; }

    public Span<byte> Written => _bytes.AsSpan(0, Length);

    /// <summary>Appends <paramref name="length"/> bytes for the caller to fill.</summary>
    public Span<byte> Append(int length)
    {
        if (Length + length > _bytes.Length)
        {
            Grow(Length + length);
        }

        Length += length;
        return _bytes.AsSpan(Length - length, length);
    }

    public void Write(ReadOnlySpan<byte> bytes) => bytes.CopyTo(Append(bytes.Length));

    /// <summary>Writes a variable-length integer: 7 bits a byte, lowest first; all bytes but the last have the highest bit set.</summary>
    public void WriteVarint(int value)
    {
        var rest = (uint)value;
        for (; rest >= 0x80; rest >>= 7)
        {
            Append(1)[0] = (byte)(rest | 0x80);
        }

        Append(1)[0] = (byte)rest;
    }

    public void Truncate(int length) => Length = length;

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
