namespace LocalHost.Journaling;

/// <summary>
/// A state that is kept in a journal: it appends a record for each change and rebuilds itself from them.
/// </summary>
internal interface IJournalParticipant
{
    /// <summary>The kind of its records: 1 to 127, one participant each.</summary>
    byte Kind { get; }

    /// <summary>
    /// How many bytes of its records it would append again if everything were relocated now. Too much only delays compaction;
    /// too little makes it run in vain. Read from any thread.
    /// </summary>
    long LiveBytes { get; }

    /// <summary>
    /// Called when the journal is opened, for each record in the order of their appending. A record that was relocated may be seen
    /// twice; one that undoes or changes another may be seen without it.
    /// </summary>
    void Replay(JournalAddress address, ReadOnlySpan<byte> record);

    /// <summary>
    /// Called when the record's segment, always the oldest, is about to be deleted: what of it still lives must be appended again, as it
    /// is now, before returning. Called one record at a time, while the state is in use.
    /// </summary>
    void Relocate(JournalAddress address, ReadOnlySpan<byte> record);
}
