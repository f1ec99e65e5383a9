using System.Linq.Expressions;
using Azure;
using Azure.Data.Tables;
using Azure.Data.Tables.Models;
using Azure.Data.Tables.Sas;
using LocalHost.Hosting;

namespace LocalHost.Tables;

/// <content>Members that the product doesn't use, among them all that block a thread.</content>
internal sealed partial class LocalTableClient
{
    public override Uri Uri => throw Unsupported.Member();

    public override TableSasBuilder GetSasBuilder(TableSasPermissions permissions, DateTimeOffset expiresOn) => throw Unsupported.Member();

    public override TableSasBuilder GetSasBuilder(string rawPermissions, DateTimeOffset expiresOn) => throw Unsupported.Member();

    public override Response<TableItem> Create(CancellationToken cancellationToken = default) => throw Unsupported.Member();

    public override Task<Response<TableItem>> CreateAsync(CancellationToken cancellationToken = default) => throw Unsupported.Member();

    public override Response<TableItem> CreateIfNotExists(CancellationToken cancellationToken = default) => throw Unsupported.Member();

    public override Response Delete(CancellationToken cancellationToken = default) => throw Unsupported.Member();

    public override Task<Response> DeleteAsync(CancellationToken cancellationToken = default) => throw Unsupported.Member();

    public override Response AddEntity<T>(T entity, CancellationToken cancellationToken = default) => throw Unsupported.Member();

    public override Response<T> GetEntity<T>(
        string partitionKey,
        string rowKey,
        IEnumerable<string>? select = null,
        CancellationToken cancellationToken = default
    ) => throw Unsupported.Member();

    public override NullableResponse<T> GetEntityIfExists<T>(
        string partitionKey,
        string rowKey,
        IEnumerable<string>? select = null,
        CancellationToken cancellationToken = default
    ) => throw Unsupported.Member();

    public override Response UpsertEntity<T>(
        T entity,
        TableUpdateMode mode = TableUpdateMode.Merge,
        CancellationToken cancellationToken = default
    ) => throw Unsupported.Member();

    public override Response UpdateEntity<T>(
        T entity,
        ETag ifMatch,
        TableUpdateMode mode = TableUpdateMode.Merge,
        CancellationToken cancellationToken = default
    ) => throw Unsupported.Member();

    public override AsyncPageable<T> QueryAsync<T>(
        Expression<Func<T, bool>> filter,
        int? maxPerPage = null,
        IEnumerable<string>? select = null,
        CancellationToken cancellationToken = default
    ) => throw Unsupported.Member();

    public override Pageable<T> Query<T>(
        Expression<Func<T, bool>> filter,
        int? maxPerPage = null,
        IEnumerable<string>? select = null,
        CancellationToken cancellationToken = default
    ) => throw Unsupported.Member();

    public override Pageable<T> Query<T>(
        string? filter = null,
        int? maxPerPage = null,
        IEnumerable<string>? select = null,
        CancellationToken cancellationToken = default
    ) => throw Unsupported.Member();

    public override Response DeleteEntity(
        string partitionKey,
        string rowKey,
        ETag ifMatch = default,
        CancellationToken cancellationToken = default
    ) => throw Unsupported.Member();

    public override Response DeleteEntity(ITableEntity entity, ETag ifMatch = default, CancellationToken cancellationToken = default) =>
        throw Unsupported.Member();

    public override Task<Response<IReadOnlyList<TableSignedIdentifier>>> GetAccessPoliciesAsync(
        CancellationToken cancellationToken = default
    ) => throw Unsupported.Member();

    public override Response<IReadOnlyList<TableSignedIdentifier>> GetAccessPolicies(CancellationToken cancellationToken = default) =>
        throw Unsupported.Member();

    public override Task<Response> SetAccessPolicyAsync(
        IEnumerable<TableSignedIdentifier> tableAcl,
        CancellationToken cancellationToken = default
    ) => throw Unsupported.Member();

    public override Response SetAccessPolicy(IEnumerable<TableSignedIdentifier> tableAcl, CancellationToken cancellationToken = default) =>
        throw Unsupported.Member();

    public override Response<IReadOnlyList<Response>> SubmitTransaction(
        IEnumerable<TableTransactionAction> transactionActions,
        CancellationToken cancellationToken = default
    ) => throw Unsupported.Member();

    public override Uri GenerateSasUri(TableSasPermissions permissions, DateTimeOffset expiresOn) => throw Unsupported.Member();

    public override Uri GenerateSasUri(TableSasBuilder builder) => throw Unsupported.Member();
}
