using System.Security.Cryptography;
using Azure;
using Azure.Data.Tables;
using EventSubscriptions.Options;
using EventSubscriptions.Secrets;

namespace EventSubscriptions.Storage;

/// <summary>
/// A row that is encrypted like every secret, so that a start with other keys than those of the stored data is noticed before anything is written with them.
/// </summary>
public sealed class SecretCanary(TableServiceClient tables, SecretProtector protector)
{
    private const string Key = "canary";
    private const string Column = "value";

    private static readonly SecretPlace s_place = new(TableNames.ApiKeys, Key, Key, Column);

    private readonly TableClient _table = tables.GetTableClient(TableNames.ApiKeys);

    /// <summary>
    /// Reads the row, or writes the first one; under a new first key it is written anew, so that the old key can go. Throws
    /// <see cref="InvalidSettingsException"/> where the keys are not those of the data.
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
            throw new InvalidSettingsException(
                ["Secrets__Keys lacks the key that encrypted the data in the tables. Put that key back, behind the new one if there is one, or point Tables to where the data of these keys is"]);
        }

        if (!protector.IsUnderFirstKey(value))
        {
            await WriteAsync(anew => _table.UpdateEntityAsync(anew, row.ETag, TableUpdateMode.Replace, cancellationToken), cancellationToken);
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
            // Another instance starts at the same moment: what it wrote must be readable here too.
            await CheckAsync(cancellationToken);
        }
    }
}
