using Azure.Data.Tables;
using LocalHost.Tables;

namespace LocalHost.Tests.Tables;

public sealed partial class EmbeddedTableTests : TableContractTests, IDisposable
{
    private readonly TemporaryFolder folder = new();
    private DataFolder? data;

    public void Dispose()
    {
        data?.Dispose();
        folder.Dispose();
    }

    protected override Task<TableServiceClient> ConnectAsync()
    {
        data = DataFolder.Open(folder.Path, TimeProvider.System);
        return Task.FromResult<TableServiceClient>(new LocalTableServiceClient(data.Tables));
    }
}
