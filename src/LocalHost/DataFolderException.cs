namespace LocalHost;

/// <summary>The data folder is in use, or this user can't write to it.</summary>
internal sealed class DataFolderException(string path, Exception cause)
    : IOException(
        $"The data folder {path} can't be used: {cause.Message} Stop the process that uses it, let this user write there, or choose another folder with --data.",
        cause
    );
