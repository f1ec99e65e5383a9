namespace TestSupport;

/// <summary>An empty folder of a test's own, deleted with everything in it.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("localhost-tests-").FullName;

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
