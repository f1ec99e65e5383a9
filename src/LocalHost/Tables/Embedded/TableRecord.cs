using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace LocalHost.Tables.Embedded;

/// <summary>
/// A record in the journal: the table's name (a byte for its length, ASCII), then any number of rows, all of which happen or none.
/// A row is its version (8 bytes, little endian), the length of its key (2) and of its value (4; -1 is a deleted row), key and value.
/// A record without rows makes the table.
/// </summary>
internal static class TableRecord
{
    public const int RowHeaderLength = 14;

    public static void WriteTable(ArrayBufferWriter<byte> record, string table)
    {
        record.Write([(byte)table.Length]);
        Encoding.ASCII.GetBytes(table, record);
    }

    /// <returns>Where in the record the value starts.</returns>
    public static int WriteRow(ArrayBufferWriter<byte> record, long version, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        WriteRowHeader(record, version, key, value.Length);
        record.Write(value);
        return record.WrittenCount - value.Length;
    }

    public static void WriteDeletion(ArrayBufferWriter<byte> record, long version, ReadOnlySpan<byte> key) => WriteRowHeader(record, version, key, -1);

    public static string ReadTable(ReadOnlySpan<byte> record, out RowReader rows)
    {
        var length = record[0];
        rows = new RowReader(record, 1 + length);
        return Encoding.ASCII.GetString(record.Slice(1, length));
    }

    private static void WriteRowHeader(ArrayBufferWriter<byte> record, long version, ReadOnlySpan<byte> key, int valueLength)
    {
        var header = record.GetSpan(RowHeaderLength);
        BinaryPrimitives.WriteInt64LittleEndian(header, version);
        BinaryPrimitives.WriteUInt16LittleEndian(header[8..], (ushort)key.Length);
        BinaryPrimitives.WriteInt32LittleEndian(header[10..], valueLength);
        record.Advance(RowHeaderLength);
        record.Write(key);
    }

    /// <summary>Goes through the rows of a record.</summary>
    public ref struct RowReader(ReadOnlySpan<byte> record, int start)
    {
        private readonly ReadOnlySpan<byte> _record = record;
        private int _next = start;

        public long Version { get; private set; }

        public ReadOnlySpan<byte> Key { get; private set; }

        public bool IsDeleted { get; private set; }

        /// <summary>Where in the record the value starts.</summary>
        public int ValueStart { get; private set; }

        public int ValueLength { get; private set; }

        public readonly ReadOnlySpan<byte> Value => _record.Slice(ValueStart, ValueLength);

        public bool MoveNext()
        {
            if (_next == _record.Length)
            {
                return false;
            }

            var header = _record.Slice(_next, RowHeaderLength);
            Version = BinaryPrimitives.ReadInt64LittleEndian(header);
            Key = _record.Slice(_next + RowHeaderLength, BinaryPrimitives.ReadUInt16LittleEndian(header[8..]));
            var length = BinaryPrimitives.ReadInt32LittleEndian(header[10..]);
            IsDeleted = length < 0;
            ValueStart = _next + RowHeaderLength + Key.Length;
            ValueLength = Math.Max(0, length);
            _next = ValueStart + ValueLength;
            return true;
        }
    }
}
