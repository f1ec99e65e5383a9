using LocalHost.Journaling;

namespace LocalHost.Tables.Embedded;

/// <content>How the table is found again when the journal is opened, and how it survives compaction.</content>
internal sealed partial class StoredTable
{
    private long _createdAt;

    /// <summary>Puts the table itself into the journal, so that it is there without a row.</summary>
    public JournalAddress Create()
    {
        lock (_gate)
        {
            return AppendCreation();
        }
    }

    public void Replay(JournalAddress address, TableRecord.RowReader rows)
    {
        lock (_gate)
        {
            var isCreation = true;
            while (rows.MoveNext())
            {
                isCreation = false;
                _lastVersion = Math.Max(_lastVersion, rows.Version);
                if (rows.IsDeleted)
                {
                    Remove(rows.Key);
                }
                else
                {
                    Set(rows.Key, new RowEntry(rows.Version, address.Offset + rows.ValueStart, rows.ValueLength));
                }
            }

            _createdAt = isCreation ? address.Offset : _createdAt;
        }
    }

    /// <summary>Appends again the rows of a record that nothing has replaced since. Deletions are dropped: what they deleted lay before them and is gone.</summary>
    public void Relocate(JournalAddress address, TableRecord.RowReader rows)
    {
        lock (_gate)
        {
            if (address.Offset == _createdAt)
            {
                AppendCreation();
                return;
            }

            _record.ResetWrittenCount();
            TableRecord.WriteTable(_record, name);
            var empty = _record.WrittenCount;
            while (rows.MoveNext())
            {
                if (!rows.IsDeleted && _rows.TryGet(rows.Key, out var entry) && entry.Offset == address.Offset + rows.ValueStart && entry.Version == rows.Version)
                {
                    TableRecord.WriteRow(_record, rows.Version, rows.Key, rows.Value);
                }
            }

            if (_record.WrittenCount > empty)
            {
                var moved = journal.Append(TableStore.RecordKind, _record.WrittenSpan);
                TableRecord.ReadTable(_record.WrittenSpan, out var movedRows);
                while (movedRows.MoveNext())
                {
                    _rows.Set(movedRows.Key, new RowEntry(movedRows.Version, moved.Offset + movedRows.ValueStart, movedRows.ValueLength));
                }

                TrimRecord();
            }
        }
    }

    private JournalAddress AppendCreation()
    {
        _record.ResetWrittenCount();
        TableRecord.WriteTable(_record, name);
        var address = journal.Append(TableStore.RecordKind, _record.WrittenSpan);
        _createdAt = address.Offset;
        return address;
    }
}
