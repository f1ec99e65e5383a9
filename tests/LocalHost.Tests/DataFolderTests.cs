namespace LocalHost.Tests;

public sealed class DataFolderTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Folder_is_opened_once_at_a_time()
    {
        using (DataFolder.Open(_folder.Path, TimeProvider.System))
        {
            Assert.Throws<DataFolderException>(() => DataFolder.Open(_folder.Path, TimeProvider.System));
        }

        DataFolder.Open(_folder.Path, TimeProvider.System).Dispose();
    }

    [Fact]
    public void Folder_is_refused_when_another_process_has_locked_it()
    {
        using (new FileStream(Path.Combine(_folder.Path, "lock"), FileMode.Create, FileAccess.ReadWrite, FileShare.None))
        {
            var exception = Assert.Throws<DataFolderException>(() => DataFolder.Open(_folder.Path, TimeProvider.System));
            Assert.Contains(_folder.Path, exception.Message, StringComparison.Ordinal);
        }
        DataFolder.Open(_folder.Path, TimeProvider.System).Dispose();
    }

    [Fact]
    public void File_in_place_of_the_folder_is_refused_with_advice()
    {
        var file = Path.Combine(_folder.Path, "file");
        File.WriteAllText(file, "");
        foreach (var path in new[] { file, Path.Combine(file, "folder") })
        {
            var exception = Assert.Throws<DataFolderException>(() => DataFolder.Open(path, TimeProvider.System));
            Assert.Contains("--data", exception.Message, StringComparison.Ordinal);
        }
    }
}
