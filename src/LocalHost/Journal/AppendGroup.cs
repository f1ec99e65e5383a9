namespace LocalHost.Journaling;

/// <summary>Records that are written and flushed together: those appended while the group before was being written.</summary>
internal sealed class AppendGroup(byte[] buffer, long segmentStart, long start)
{
    private readonly TaskCompletionSource _flushed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public long SegmentStart { get; } = segmentStart;

    public long Start { get; } = start;

    public int Length { get; private set; }

    public long End => Start + Length;

    public byte[] Buffer { get; private set; } = buffer;

    public Task Flushed => _flushed.Task;

    public JournalAddress Add(byte kind, ReadOnlySpan<byte> header, ReadOnlySpan<byte> body, uint payloadChecksum)
    {
        var length = header.Length + body.Length;
        var position = End;
        var needed = Length + RecordFormat.HeaderLength + length;
        if (needed > Buffer.Length)
        {
            var larger = new byte[Math.Max(needed, Buffer.Length * 2)];
            Buffer.AsSpan(0, Length).CopyTo(larger);
            Buffer = larger;
        }

        var target = Buffer.AsSpan(Length);
        RecordFormat.WriteHeader(target, payloadChecksum, position, length, Length == 0 ? (byte)(kind | RecordFormat.GroupStart) : kind);
        header.CopyTo(target[RecordFormat.HeaderLength..]);
        body.CopyTo(target[(RecordFormat.HeaderLength + header.Length)..]);
        Length = needed;
        return new(position + RecordFormat.HeaderLength, length);
    }

    public bool Contains(JournalAddress address) => address.Offset >= Start && address.Offset < End;

    public void Read(JournalAddress address, Span<byte> destination) =>
        Buffer.AsSpan((int)(address.Offset - Start), address.Length).CopyTo(destination);

    public void Complete() => _flushed.SetResult();

    public void Fail(Exception cause)
    {
        _flushed.SetException(cause);
        // Not everybody who appends waits; those who do still get the exception.
        _ = _flushed.Task.Exception;
    }
}
