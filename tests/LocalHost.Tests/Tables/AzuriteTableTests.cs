using Azure.Data.Tables;
using TestSupport;

namespace LocalHost.Tests.Tables;

public sealed class AzuriteTableTests : TableContractTests
{
    protected override async Task<TableServiceClient> ConnectAsync() => new((await AzuriteServer.SharedAsync()).ConnectionString);
}
