using LocalHost.Storage;

namespace LocalHost.Tests.Storage;

public abstract class DatabaseTestBase : IDisposable
{
    private protected readonly TemporaryFolder _folder = new();
    private protected Database _database;

    private protected DatabaseTestBase() => _database = TestDatabase.Open(Folder);

    private protected string Folder => Path.Combine(_folder.Path, "db");

    public void Dispose()
    {
        _database.Dispose();
        _folder.Dispose();
    }

    private protected void Reopen(DatabaseOptions? options = null)
    {
        _database.Dispose();
        _database = TestDatabase.Open(Folder, options);
    }
}
