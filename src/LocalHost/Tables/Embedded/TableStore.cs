using System.Collections.Concurrent;
using LocalHost.Journaling;

namespace LocalHost.Tables.Embedded;

/// <summary>The tables of a data folder.</summary>
internal sealed class TableStore(Journal journal, TimeProvider time) : IJournalParticipant
{
    public const byte RecordKind = 2;

    private readonly ConcurrentDictionary<string, StoredTable> _tables = new(StringComparer.OrdinalIgnoreCase);

    public byte Kind => RecordKind;

    public long LiveBytes => _tables.Values.Sum(table => table.LiveBytes);

    /// <summary>False where there is such a table already. Names differ by more than case.</summary>
    public async Task<bool> CreateAsync(string name)
    {
        var table = new StoredTable(name, journal, time);
        if (!_tables.TryAdd(name, table))
        {
            return false;
        }

        await FlushedAsync(table.Create());
        return true;
    }

    public StoredTable? Find(string name) => _tables.GetValueOrDefault(name);

    public ValueTask FlushedAsync(JournalAddress address) => journal.FlushedAsync(address);

    public void Replay(JournalAddress address, ReadOnlySpan<byte> record)
    {
        var name = TableRecord.ReadTable(record, out var rows);
        _tables.GetOrAdd(name, static (name, store) => store.New(name), this).Replay(address, rows);
    }

    public void Relocate(JournalAddress address, ReadOnlySpan<byte> record)
    {
        if (Find(TableRecord.ReadTable(record, out var rows)) is { } table)
        {
            table.Relocate(address, rows);
        }
    }

    private StoredTable New(string name) => new(name, journal, time);
}
