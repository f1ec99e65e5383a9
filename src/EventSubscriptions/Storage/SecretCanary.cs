using System.Security.Cryptography;
using Azure;
using Azure.Data.Tables;
using EventSubscriptions.Options;
using EventSubscriptions.Secrets;

namespace EventSubscriptions.Storage;

/// <summary>
/// A row that is encrypted like every secret. A start with the wrong keys fails to read it, before anything is written with them.
/// </summary>
public sealed class SecretCanary(TableServiceClient tables, SecretProtector protector)
{
    private const string Key = "canary";
    private const string Column = "value";

    private static readonly SecretPlace s_place = new(TableNames.ApiKeys, Key, Key, Column);

    private readonly TableClient _table = tables.GetTableClient(TableNames.ApiKeys);

    /// <summary>
    /// Reads the row, or writes it if it doesn't exist. Under a new first key the row is rewritten, so that the old key can be removed.
    /// Throws <see cref="InvalidSettingsException"/> if the keys don't belong to the data.
    /// </summary>
    public async Task CheckAsync(CancellationToken cancellationToken)
    {
        var response = await _table.GetEntityIfExistsAsync<TableEntity>(Key, Key, cancellationToken: cancellationToken);
        if (!response.HasValue)
        {
            await WriteAsync(row => _table.AddEntityAsync(row, cancellationToken), cancellationToken);
            return;
        }

        var row = response.Value!;
        var value = row.GetBinary(Column) ?? [];
        try
        {
            protector.Unprotect(value, s_place);
        }
        catch (CryptographicException)
        {
            throw new InvalidSettingsException([
                "Secrets__Keys lacks the key that encrypted the data in the tables. Restore that key, after the new one if there is one, or point Tables to the storage that belongs to these keys",
            ]);
        }

        if (!protector.IsUnderFirstKey(value))
        {
            await WriteAsync(
                anew => _table.UpdateEntityAsync(anew, row.ETag, TableUpdateMode.Replace, cancellationToken),
                cancellationToken
            );
        }
    }

    private async Task WriteAsync(Func<TableEntity, Task> write, CancellationToken cancellationToken)
    {
        try
        {
            await write(new TableEntity(Key, Key) { [Column] = protector.Protect("canary"u8, s_place) });
        }
        catch (RequestFailedException faster) when (faster.Status is 409 or 412)
        {
            // Another instance starts at the same time: what it wrote must be readable here too.
            await CheckAsync(cancellationToken);
        }
    }
}
