using Microsoft.Win32.SafeHandles;

namespace LocalHost.Journaling;

/// <summary>Reads a segment's records in order and stops at the first that isn't intact.</summary>
internal sealed class RecordReader(SafeFileHandle file, long segmentStart, long segmentLength)
{
    private byte[] _buffer = new byte[256 << 10];
    private long _bufferStart;
    private int _buffered;
    private int _length;

    /// <summary>The byte in the file after the last intact record.</summary>
    public long Position { get; private set; }

    public byte Kind { get; private set; }

    public JournalAddress Address { get; private set; }

    /// <summary>Valid until the next <see cref="MoveNext"/>.</summary>
    public ReadOnlySpan<byte> Record => _buffer.AsSpan((int)(Address.Offset - segmentStart - _bufferStart), _length);

    public bool AtEnd => Position == segmentLength;

    public bool MoveNext()
    {
        if (!TryReadAt(Position, flag: 0, out var kind))
            return false;

        Kind = (byte)(kind & ~RecordFormat.GroupStart);
        Address = new(segmentStart + Position + RecordFormat.HeaderLength, _length);
        Position += RecordFormat.HeaderLength + _length;
        return true;
    }

    /// <summary>Whether an intact first record of a group follows anywhere: then what is damaged here had been flushed.</summary>
    public bool IsFollowedByGroup()
    {
        for (var position = Position + 1; position + RecordFormat.HeaderLength <= segmentLength; position++)
        {
            if (TryReadAt(position, RecordFormat.GroupStart, out _))
                return true;
        }
        return false;
    }

    private bool TryReadAt(long position, byte flag, out byte kind)
    {
        kind = 0;
        if (!Fill(position, RecordFormat.HeaderLength))
            return false;
        var header = At(position, RecordFormat.HeaderLength);
        var length = RecordFormat.ReadLength(header);
        kind = header[^1];
        if (length < 0 || (kind & flag) != flag || !Fill(position, RecordFormat.HeaderLength + length))
            return false;

        var record = At(position, RecordFormat.HeaderLength + length);
        _length = length;
        return RecordFormat.IsIntact(record, record[RecordFormat.HeaderLength..], segmentStart + position);
    }

    private ReadOnlySpan<byte> At(long position, int length) => _buffer.AsSpan((int)(position - _bufferStart), length);

    private bool Fill(long position, int length)
    {
        if (position + length > segmentLength)
            return false;
        if (position >= _bufferStart && position + length <= _bufferStart + _buffered)
            return true;

        if (length > _buffer.Length)
            _buffer = new byte[Math.Max(length, _buffer.Length * 2)];
        _bufferStart = position;
        _buffered = SegmentFile.ReadFully(file, _buffer.AsSpan(0, (int)Math.Min(_buffer.Length, segmentLength - position)), position);
        return _buffered >= length;
    }
}
