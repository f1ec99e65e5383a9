using Azure;
using Azure.Data.Tables;
using EventSubscriptions.Http;
using EventSubscriptions.Organizations;
using EventSubscriptions.Storage;

namespace EventSubscriptions.Access;

/// <summary>The table <c>apikeys</c>.</summary>
public sealed class ApiKeyStore(TableServiceClient tables)
{
    private const string Partition = "key";

    private static readonly string[] s_nameColumns = [nameof(TableEntity.RowKey), "name", "organizationId"];

    private readonly TableClient _table = tables.GetTableClient(TableNames.ApiKeys);

    /// <summary>Reads one key, or null if it doesn't exist.</summary>
    public async Task<ApiKey?> GetAsync(ApiKeyId id, CancellationToken cancellationToken)
    {
        var row = await _table.GetEntityIfExistsAsync<TableEntity>(Partition, id.ToString(), cancellationToken: cancellationToken);
        return row.HasValue ? Read(row.Value!) : null;
    }

    /// <summary>Lists the keys that match, oldest first.</summary>
    public Task<ListPage<ApiKey>> ListAsync(Predicate<ApiKey> filter, PageRequest page, CancellationToken cancellationToken) =>
        _table.ReadPageAsync(new RowRange(Partition), page, row => Read(row) is var key && filter(key) ? key : null, cancellationToken);

    /// <summary>
    /// Stores a new key and returns true, unless an audit log could show it beside another key with the same name: a bound key must differ
    /// from those of its organization and the unbound ones, an unbound key from all.
    /// </summary>
    public async Task<bool> TryAddAsync(ApiKey key, CancellationToken cancellationToken)
    {
        if (await HasNamesakeAsync(key, cancellationToken))
        {
            return false;
        }

        await _table.UpsertEntityAsync(Row(key), TableUpdateMode.Replace, cancellationToken);

        // Checked again: if two are added at the same time, at least one sees the other, so both never stay.
        if (!await HasNamesakeAsync(key, cancellationToken))
        {
            return true;
        }

        await DeleteAsync(key.Id, CancellationToken.None);
        return false;
    }

    public Task DeleteAsync(ApiKeyId id, CancellationToken cancellationToken) =>
        _table.DeleteEntityAsync(Partition, id.ToString(), ETag.All, cancellationToken);

    /// <summary>Records when a key was used. Does nothing if the key was deleted.</summary>
    internal async Task TouchAsync(ApiKeyId id, DateTimeOffset usedAt, CancellationToken cancellationToken)
    {
        try
        {
            await _table.UpdateEntityAsync(
                new TableEntity(Partition, id.ToString()) { ["lastUsedAt"] = usedAt },
                ETag.All,
                TableUpdateMode.Merge,
                cancellationToken
            );
        }
        catch (RequestFailedException gone) when (gone.Status == 404) { }
    }

    private async Task<bool> HasNamesakeAsync(ApiKey key, CancellationToken cancellationToken)
    {
        await foreach (
            var row in _table.QueryAsync<TableEntity>(
                new RowRange(Partition).ToFilter(),
                select: s_nameColumns,
                cancellationToken: cancellationToken
            )
        )
        {
            var organization = row.GetInt32("organizationId");
            if (
                row.RowKey != key.Id.ToString()
                && (key.Organization is null || organization is null || organization == key.Organization.Value.Value)
                && ApiKey.IsSameName(row.RequireString("name"), key.Name)
            )
            {
                return true;
            }
        }

        return false;
    }

    private static TableEntity Row(ApiKey key)
    {
        var row = new TableEntity(Partition, key.Id.ToString())
        {
            ["name"] = key.Name,
            ["role"] = key.Role.ToString(),
            ["createdAt"] = key.CreatedAt,
            ["hash"] = key.Hash.ToArray(),
        };
        if (key.Organization is { } organization)
        {
            row["organizationId"] = organization.Value;
        }

        if (key.ExpiresAt is { } expiry)
        {
            row["expiresAt"] = expiry;
        }

        if (key.SecretKeyId is { } secretKeyId)
        {
            row["secretKeyId"] = secretKeyId;
        }

        return row;
    }

    private static ApiKey Read(TableEntity row) =>
        new()
        {
            Id = ApiKeyId.TryParse(row.RowKey, out var id)
                ? id
                : throw new InvalidDataException($"The row '{row.RowKey}' of the table {TableNames.ApiKeys} is not an API key."),
            Name = row.RequireString("name"),
            Role = Enum.Parse<Role>(row.RequireString("role")),
            Organization = OrganizationId.TryFrom(row.GetInt32("organizationId"), out var organization) ? organization : null,
            CreatedAt = row.RequireTime("createdAt"),
            ExpiresAt = row.GetDateTimeOffset("expiresAt"),
            LastUsedAt = row.GetDateTimeOffset("lastUsedAt"),
            SecretKeyId = row.GetString("secretKeyId"),
            Hash = row.GetBinary("hash"),
        };
}
