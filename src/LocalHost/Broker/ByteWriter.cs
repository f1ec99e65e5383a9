namespace LocalHost.Messaging;

/// <summary>Bytes that grow, and can be cut back to an earlier length.</summary>
internal sealed class ByteWriter(int capacity = 512)
{
    private byte[] _bytes = new byte[capacity];

    public int Length { get; private set; }

    public Span<byte> Written => _bytes.AsSpan(0, Length);

    /// <summary>The next <paramref name="length"/> bytes, for the caller to fill.</summary>
    public Span<byte> Take(int length)
    {
        if (Length + length > _bytes.Length)
            Array.Resize(ref _bytes, Math.Max(Length + length, _bytes.Length * 2));
        Length += length;
        return _bytes.AsSpan(Length - length, length);
    }

    public void Write(ReadOnlySpan<byte> bytes) => bytes.CopyTo(Take(bytes.Length));

    public void CutTo(int length) => Length = length;
}
