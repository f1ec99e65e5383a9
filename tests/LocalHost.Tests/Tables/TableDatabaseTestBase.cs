using Azure.Data.Tables;
using LocalHost.Storage;
using LocalHost.Tables;
using LocalHost.Tests.Storage;

namespace LocalHost.Tests.Tables;

public abstract class TableDatabaseTestBase : IDisposable
{
    private protected readonly TemporaryFolder _folder = new();
    private protected readonly TestClock _time = new();
    private protected Database? _database;
    private protected TableServiceClient _service = null!;
    private protected TableClient _table = null!;

    private protected string Folder => Path.Combine(_folder.Path, "db");

    public void Dispose()
    {
        _database?.Dispose();
        _folder.Dispose();
    }

    private protected static TableEntity Row(string rowKey, int value) => new("p", rowKey) { ["Value"] = value };

    private protected async Task OpenAsync(string? path = null, DatabaseOptions? options = null)
    {
        _database = TestDatabase.Open(path ?? Folder, options);
        _service = new LocalTableServiceClient(new TableStore(_database, _time));
        _table = _service.GetTableClient("rows");
        await _table.CreateIfNotExistsAsync();
    }

    private protected async Task ReopenAsync()
    {
        _database!.Dispose();
        await OpenAsync();
    }

    private protected async Task<TableEntity?> GetAsync(string rowKey)
    {
        var response = await _table.GetEntityIfExistsAsync<TableEntity>("p", rowKey);
        return response.HasValue ? response.Value : null;
    }

    private protected async Task<string[]> RowKeysAsync()
    {
        var keys = new List<string>();
        await foreach (var entity in _table.QueryAsync<TableEntity>())
        {
            keys.Add(entity.RowKey);
        }

        return [.. keys];
    }
}
