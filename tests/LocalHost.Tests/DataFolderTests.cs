namespace LocalHost.Tests;

public sealed class DataFolderTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Folder_is_shared_within_the_process_until_the_last_user_leaves()
    {
        var first = DataFolder.Open(_folder.Path, TimeProvider.System);
        var second = DataFolder.Open(_folder.Path + "/", TimeProvider.System);
        Assert.Same(first, second);
        Assert.Same(first, DataFolder.Find(_folder.Path));

        first.Dispose();
        Assert.Same(second, DataFolder.Find(_folder.Path));

        second.Dispose();
        Assert.Throws<InvalidOperationException>(() => DataFolder.Find(_folder.Path));
        DataFolder.Open(_folder.Path, TimeProvider.System).Dispose();
    }

    [Fact]
    public void Folder_that_somebody_else_has_locked_is_refused()
    {
        using (new FileStream(Path.Combine(_folder.Path, "lock"), FileMode.Create, FileAccess.ReadWrite, FileShare.None))
        {
            var exception = Assert.Throws<DataFolderInUseException>(() => DataFolder.Open(_folder.Path, TimeProvider.System));
            Assert.Contains(_folder.Path, exception.Message, StringComparison.Ordinal);
        }
        DataFolder.Open(_folder.Path, TimeProvider.System).Dispose();
    }
}
