namespace LocalHost.Journaling;

/// <summary>The journal holds damage in a place that was once safely on disk, so what it says cannot be trusted.</summary>
internal sealed class JournalCorruptException(string file, long position, string detail)
    : IOException($"The journal file {file} is damaged at byte {position}: {detail}. Restore the data folder from a backup, or move it away to start with an empty one.")
{
    public string File { get; } = file;

    public long Position { get; } = position;
}

/// <summary>A write has failed: nothing appended since is known to be on disk, and nothing more is accepted until the folder is opened again.</summary>
internal sealed class JournalFailedException(string folder, Exception cause)
    : IOException($"The journal in {folder} could not be written and accepts nothing more until it is opened again: {cause.Message}", cause);
