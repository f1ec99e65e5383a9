using System.Buffers;
using System.Globalization;
using Azure.Data.Tables;
using LocalHost.Journaling;
using LocalHost.Tables.Filters;

namespace LocalHost.Tables.Embedded;

/// <summary>One change of a row. <paramref name="Value"/> has the entity's properties, encoded; a merge needs the entity itself as well.</summary>
internal readonly record struct RowChange(TableTransactionActionType Type, byte[] Key, string? IfMatch, TableEntity Entity, ReadOnlyMemory<byte> Value);

/// <summary>What became of changes: where the record lies that must be flushed before they are acknowledged, or which one was refused.</summary>
internal readonly record struct WriteOutcome(JournalAddress Address, long Version, TableError? Error = null, int FailedIndex = 0);

/// <summary>
/// One table: its rows in order in memory, their properties in the journal. Changes happen one after the other, and their order in memory is that
/// in the journal. What was written is read at once, flushed or not.
/// </summary>
internal sealed partial class StoredTable(string name, Journal journal, TimeProvider time)
{
    private const int LargestSpareRecord = 1 << 20;

    private readonly Lock _gate = new();
    private readonly RowIndex _rows = new();
    private ArrayBufferWriter<byte> _record = new();
    private long _lastVersion;
    private long _liveBytes;

    /// <summary>How many bytes of the journal this table would take if it were written anew.</summary>
    public long LiveBytes => Interlocked.Read(ref _liveBytes);

    /// <summary>The ETag that the Table service gives to a row of this time.</summary>
    public static string ETagOf(long version) =>
        string.Create(CultureInfo.InvariantCulture, $"W/\"datetime'{new DateTime(version, DateTimeKind.Utc):yyyy-MM-ddTHH'%3A'mm'%3A'ss.fffffff}Z'\"");

    public TableEntity? Read(byte[] key)
    {
        RowEntry entry;
        lock (_gate)
        {
            if (!_rows.TryGet(key, out entry))
            {
                return null;
            }
        }

        return Read(key, entry);
    }

    /// <summary>The row as it was when the entry was read, or as it is now if it has moved since. Null where it is gone.</summary>
    public TableEntity? Read(byte[] key, RowEntry entry)
    {
        var entity = EntityOf(key, entry.Version);
        return TryReadInto(entity, entry) ? entity : Read(key);
    }

    /// <summary>The row's keys, time and ETag alone.</summary>
    public static TableEntity EntityOf(byte[] key, long version)
    {
        var (partitionKey, rowKey) = RowKey.Decode(key);
        return new TableEntity(partitionKey, rowKey)
        {
            Timestamp = new DateTimeOffset(version, TimeSpan.Zero),
            ETag = new Azure.ETag(ETagOf(version)),
        };
    }

    public List<(byte[] Key, RowEntry Entry)> List(KeyRange range, int max)
    {
        var rows = new List<(byte[], RowEntry)>(Math.Min(max, 128));
        lock (_gate)
        {
            _rows.Read(range.From, range.To, range.To is null, max, rows);
        }

        return rows;
    }

    /// <summary>All of the changes, or none. No key may occur twice.</summary>
    public WriteOutcome Write(ReadOnlySpan<RowChange> changes)
    {
        Span<int> valueStarts = stackalloc int[changes.Length];
        lock (_gate)
        {
            var version = Math.Max(time.GetUtcNow().UtcTicks, _lastVersion + 1);
            _record.ResetWrittenCount();
            TableRecord.WriteTable(_record, name);
            for (var i = 0; i < changes.Length; i++)
            {
                if (WriteRow(changes[i], version, out valueStarts[i]) is { } error)
                {
                    return new WriteOutcome(default, 0, error, i);
                }
            }

            var address = journal.Append(TableStore.RecordKind, _record.WrittenSpan);
            Apply(changes, valueStarts, address, version);
            TrimRecord();
            return new WriteOutcome(address, version);
        }
    }

    private static TableError? Refusal(in RowChange change, RowEntry? existing) =>
        (change.Type, existing) switch
        {
            (TableTransactionActionType.Add, not null) => TableError.EntityAlreadyExists,
            (TableTransactionActionType.Delete or TableTransactionActionType.UpdateMerge or TableTransactionActionType.UpdateReplace, null) => TableError.ResourceNotFound,
            (_, { } entry) when change.IfMatch is { } etag && etag != "*" && etag != ETagOf(entry.Version) => TableError.UpdateConditionNotSatisfied,
            _ => null,
        };

    private TableError? WriteRow(in RowChange change, long version, out int valueStart)
    {
        RowEntry? existing = _rows.TryGet(change.Key, out var entry) ? entry : null;
        valueStart = -1;
        if (Refusal(change, existing) is { } error)
        {
            return error;
        }

        if (change.Type == TableTransactionActionType.Delete)
        {
            TableRecord.WriteDeletion(_record, version, change.Key);
            return null;
        }

        var value = change.Value.Span;
        if (change.Type is TableTransactionActionType.UpdateMerge or TableTransactionActionType.UpsertMerge && existing is not null)
        {
            var merged = Merge(change, entry);
            if (EntityLimits.CheckProperties(merged) is { } tooMuch)
            {
                return tooMuch;
            }

            var encoded = new ArrayBufferWriter<byte>();
            EntityCodec.Write(merged, encoded);
            value = encoded.WrittenSpan;
        }

        valueStart = TableRecord.WriteRow(_record, version, change.Key, value);
        return null;
    }

    private TableEntity Merge(in RowChange change, RowEntry existing)
    {
        var merged = new TableEntity(change.Entity.PartitionKey, change.Entity.RowKey);
        // What the index names can't have been compacted away while the gate is held.
        if (!TryReadInto(merged, existing))
        {
            throw new InvalidOperationException("A row lies where the journal has nothing.");
        }

        foreach (var (property, value) in change.Entity)
        {
            if (value is not null && !EntityCodec.IsSystem(property))
            {
                // Removed first, because a property may change its type.
                merged.Remove(property);
                merged[property] = value;
            }
        }

        return merged;
    }

    private void Apply(ReadOnlySpan<RowChange> changes, ReadOnlySpan<int> valueStarts, JournalAddress address, long version)
    {
        TableRecord.ReadTable(_record.WrittenSpan, out var rows);
        for (var i = 0; rows.MoveNext(); i++)
        {
            if (valueStarts[i] < 0)
            {
                Remove(changes[i].Key);
            }
            else
            {
                Set(changes[i].Key, new RowEntry(version, address.Offset + valueStarts[i], rows.ValueLength));
            }
        }

        _lastVersion = version;
    }

    private void Set(ReadOnlySpan<byte> key, RowEntry entry)
    {
        var replaced = _rows.Set(key, entry);
        Interlocked.Add(ref _liveBytes, replaced is { } old ? entry.Length - old.Length : TableRecord.RowHeaderLength + key.Length + entry.Length);
    }

    private void Remove(ReadOnlySpan<byte> key)
    {
        if (_rows.Remove(key) is { } removed)
        {
            Interlocked.Add(ref _liveBytes, -(TableRecord.RowHeaderLength + key.Length + removed.Length));
        }
    }

    private bool TryReadInto(TableEntity entity, RowEntry entry)
    {
        if (entry.Length == 0)
        {
            return true;
        }

        var buffer = ArrayPool<byte>.Shared.Rent(entry.Length);
        try
        {
            var bytes = buffer.AsSpan(0, entry.Length);
            if (!journal.TryRead(entry.Address, bytes))
            {
                return false;
            }

            EntityCodec.ReadInto(entity, bytes);
            return true;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private void TrimRecord()
    {
        if (_record.Capacity > LargestSpareRecord)
        {
            _record = new ArrayBufferWriter<byte>();
        }
    }
}
