namespace LocalHost.Storage;

/// <summary>Adds to a batch, once, what sums up its operations.</summary>
internal interface IBatchParticipant
{
    /// <summary>Called on the writer thread after the last operation was applied. Must not throw.</summary>
    void Complete(WriteBatch batch);
}
