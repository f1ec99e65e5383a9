using Azure;
using Azure.Data.Tables;
using Azure.Data.Tables.Models;
using Azure.Data.Tables.Sas;
using LocalHost.Hosting;

namespace LocalHost.Tables;

/// <summary>The client of the tables in the data folder.</summary>
internal sealed class LocalTableServiceClient(TableStore tables) : TableServiceClient
{
    public override string AccountName => "local";

    public override Uri Uri => throw Unsupported.Member();

    public override TableClient GetTableClient(string tableName) => new LocalTableClient(tables, tableName);

    public override TableAccountSasBuilder GetSasBuilder(
        TableAccountSasPermissions permissions,
        TableAccountSasResourceTypes resourceTypes,
        DateTimeOffset expiresOn
    ) => throw Unsupported.Member();

    public override TableAccountSasBuilder GetSasBuilder(
        string rawPermissions,
        TableAccountSasResourceTypes resourceTypes,
        DateTimeOffset expiresOn
    ) => throw Unsupported.Member();

    public override AsyncPageable<TableItem> QueryAsync(
        string? filter = null,
        int? maxPerPage = null,
        CancellationToken cancellationToken = default
    ) => throw Unsupported.Member();

    public override Pageable<TableItem> Query(
        string? filter = null,
        int? maxPerPage = null,
        CancellationToken cancellationToken = default
    ) => throw Unsupported.Member();

    public override AsyncPageable<TableItem> QueryAsync(
        FormattableString filter,
        int? maxPerPage = null,
        CancellationToken cancellationToken = default
    ) => throw Unsupported.Member();

    public override Pageable<TableItem> Query(
        FormattableString filter,
        int? maxPerPage = null,
        CancellationToken cancellationToken = default
    ) => throw Unsupported.Member();

    public override AsyncPageable<TableItem> QueryAsync(
        System.Linq.Expressions.Expression<Func<TableItem, bool>> filter,
        int? maxPerPage = null,
        CancellationToken cancellationToken = default
    ) => throw Unsupported.Member();

    public override Pageable<TableItem> Query(
        System.Linq.Expressions.Expression<Func<TableItem, bool>> filter,
        int? maxPerPage = null,
        CancellationToken cancellationToken = default
    ) => throw Unsupported.Member();

    public override Response<TableItem> CreateTable(string tableName, CancellationToken cancellationToken = default) =>
        throw Unsupported.Member();

    public override Task<Response<TableItem>> CreateTableAsync(string tableName, CancellationToken cancellationToken = default) =>
        throw Unsupported.Member();

    public override Response<TableItem> CreateTableIfNotExists(string tableName, CancellationToken cancellationToken = default) =>
        throw Unsupported.Member();

    public override Task<Response<TableItem>> CreateTableIfNotExistsAsync(
        string tableName,
        CancellationToken cancellationToken = default
    ) => throw Unsupported.Member();

    public override Response DeleteTable(string tableName, CancellationToken cancellationToken = default) => throw Unsupported.Member();

    public override Task<Response> DeleteTableAsync(string tableName, CancellationToken cancellationToken = default) =>
        throw Unsupported.Member();

    public override Response SetProperties(TableServiceProperties properties, CancellationToken cancellationToken = default) =>
        throw Unsupported.Member();

    public override Task<Response> SetPropertiesAsync(TableServiceProperties properties, CancellationToken cancellationToken = default) =>
        throw Unsupported.Member();

    public override Response<TableServiceProperties> GetProperties(CancellationToken cancellationToken = default) =>
        throw Unsupported.Member();

    public override Task<Response<TableServiceProperties>> GetPropertiesAsync(CancellationToken cancellationToken = default) =>
        throw Unsupported.Member();

    public override Task<Response<TableServiceStatistics>> GetStatisticsAsync(CancellationToken cancellationToken = default) =>
        throw Unsupported.Member();

    public override Response<TableServiceStatistics> GetStatistics(CancellationToken cancellationToken = default) =>
        throw Unsupported.Member();

    public override Uri GenerateSasUri(
        TableAccountSasPermissions permissions,
        TableAccountSasResourceTypes resourceTypes,
        DateTimeOffset expiresOn
    ) => throw Unsupported.Member();

    public override Uri GenerateSasUri(TableAccountSasBuilder builder) => throw Unsupported.Member();
}
