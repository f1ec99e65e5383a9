namespace LocalHost.Storage.Native;

/// <summary>An error of RocksDB, with its own message: <c>Corruption: …</c>, <c>IO error: …</c>.</summary>
internal sealed class RocksDbException(string message) : IOException(message)
{
    public bool IsCorruption => Message.StartsWith("Corruption", StringComparison.Ordinal);
}
