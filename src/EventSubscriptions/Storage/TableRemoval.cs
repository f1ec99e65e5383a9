using Azure;
using Azure.Data.Tables;

namespace EventSubscriptions.Storage;

/// <summary>
/// Deletes rows in transactions of up to 100, partition by partition. Rows that don't exist are ignored, so it can be repeated after a
/// crash.
/// </summary>
public static class TableRemoval
{
    private static readonly string[] s_keys = [nameof(TableEntity.PartitionKey), nameof(TableEntity.RowKey)];

    /// <summary>Deletes the rows that a query finds.</summary>
    /// <param name="removed">Receives how many rows each step has deleted, so that a caller that cancels knows too.</param>
    public static async Task RemoveAsync(this TableClient table, string filter, Action<int> removed, CancellationToken cancellationToken)
    {
        List<TableEntity> batch = [];
        await foreach (var row in table.QueryAsync<TableEntity>(filter, select: s_keys, cancellationToken: cancellationToken))
        {
            if (batch.Count == TableRow.MaxTransaction || (batch.Count > 0 && batch[0].PartitionKey != row.PartitionKey))
            {
                await RemoveBatchAsync(table, batch, removed, cancellationToken);
            }

            batch.Add(row);
        }

        if (batch.Count > 0)
        {
            await RemoveBatchAsync(table, batch, removed, cancellationToken);
        }
    }

    private static async Task RemoveBatchAsync(
        TableClient table,
        List<TableEntity> batch,
        Action<int> removed,
        CancellationToken cancellationToken
    )
    {
        cancellationToken.ThrowIfCancellationRequested();
        try
        {
            await table.SubmitTransactionAsync(
                batch.Select(row => new TableTransactionAction(TableTransactionActionType.Delete, row, ETag.All)),
                cancellationToken
            );
        }
        catch (RequestFailedException gone) when (gone.Status == 404)
        {
            // Others delete them too.
            foreach (var row in batch)
            {
                await table.DeleteEntityAsync(row.PartitionKey, row.RowKey, ETag.All, cancellationToken);
            }
        }

        removed(batch.Count);
        batch.Clear();
    }
}
