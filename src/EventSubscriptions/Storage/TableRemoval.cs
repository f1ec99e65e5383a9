using Azure;
using Azure.Data.Tables;

namespace EventSubscriptions.Storage;

/// <summary>Deletes rows in transactions of up to 100, partition after partition. Rows that are gone already are no error, so it may be done again after a crash.</summary>
public static class TableRemoval
{
    /// <summary>The most entities that a transaction of Table Storage takes.</summary>
    private const int MaxBatch = 100;

    private static readonly string[] s_keys = [nameof(TableEntity.PartitionKey), nameof(TableEntity.RowKey)];

    /// <summary>Deletes what a query finds.</summary>
    /// <param name="table">The table.</param>
    /// <param name="filter">Which rows. It may scan.</param>
    /// <param name="removed">Is told how many rows each step has deleted, so that a caller who stops knows too.</param>
    /// <param name="cancellationToken">Stops between two steps.</param>
    public static async Task RemoveAsync(this TableClient table, string filter, Action<int> removed, CancellationToken cancellationToken)
    {
        List<TableEntity> batch = [];
        await foreach (var row in table.QueryAsync<TableEntity>(filter, select: s_keys, cancellationToken: cancellationToken))
        {
            if (batch.Count == MaxBatch || (batch.Count > 0 && batch[0].PartitionKey != row.PartitionKey))
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

    private static async Task RemoveBatchAsync(TableClient table, List<TableEntity> batch, Action<int> removed, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        try
        {
            await table.SubmitTransactionAsync(batch.Select(row => new TableTransactionAction(TableTransactionActionType.Delete, row, ETag.All)), cancellationToken);
        }
        catch (RequestFailedException gone) when (gone.Status == 404)
        {
            // Somebody else deletes them too.
            foreach (var row in batch)
            {
                await table.DeleteEntityAsync(row.PartitionKey, row.RowKey, ETag.All, cancellationToken);
            }
        }

        removed(batch.Count);
        batch.Clear();
    }
}
