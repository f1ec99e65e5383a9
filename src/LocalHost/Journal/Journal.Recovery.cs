namespace LocalHost.Journaling;

internal sealed partial class Journal
{
    private void Recover()
    {
        Directory.CreateDirectory(_folder);
        var segments = _segments = [.. SegmentFile.OpenAll(_folder)];
        long records = 0, torn = 0;
        for (var i = 0; i < segments.Length; i++)
        {
            var segment = segments[i];
            if (i > 0 && segment.Start != _end)
                throw new JournalCorruptException(segment.Path, 0, $"it should start at position {_end}, so what lies between is missing");

            var length = RandomAccess.GetLength(segment.Handle);
            var reader = new RecordReader(segment.Handle, segment.Start, length);
            for (; reader.MoveNext(); records++)
                Replay(reader, segment.Path);

            if (!reader.AtEnd)
            {
                if (i < segments.Length - 1 || reader.IsFollowedByGroup())
                    throw new JournalCorruptException(segment.Path, reader.Position, "a record does not match its checksum, and intact ones follow");
                torn = length - reader.Position;
                RandomAccess.SetLength(segment.Handle, reader.Position);
                RandomAccess.FlushToDisk(segment.Handle);
                Log.TornTail(_logger, torn, segment.Path);
            }
            _segmentStart = segment.Start;
            _end = segment.Start + reader.Position;
        }

        _flushedTo = _end;
        Recovery = new(records, segments.Length == 0 ? 0 : _end - segments[0].Start, torn);
    }

    private void Replay(RecordReader reader, string path)
    {
        try
        {
            ParticipantOf(reader.Kind, path, reader.Position).Replay(reader.Address, reader.Record);
        }
        catch (InvalidDataException exception)
        {
            throw new JournalCorruptException(path, reader.Position, exception.Message);
        }
    }

    private IJournalParticipant ParticipantOf(byte kind, string path, long position) =>
        _participants[kind] ?? throw new JournalCorruptException(path, position, $"records of kind {kind} are not known to this version");
}
