using Azure;
using Azure.Data.Tables;
using LocalHost.Tables;
using LocalHost.Journaling;

namespace LocalHost.Tests.Tables;

/// <summary>Random operations on the embedded store and on a dictionary, which must agree; the folder is closed and opened again in between.</summary>
public sealed class TableModelTests : IDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly SortedDictionary<(string Partition, string Row), int> model = new(Comparer<(string Partition, string Row)>.Create((a, b) =>
        string.CompareOrdinal(a.Partition, b.Partition) is not 0 and var order ? order : string.CompareOrdinal(a.Row, b.Row)));

    private DataFolder? data;
    private TableClient table = null!;

    public void Dispose()
    {
        data?.Dispose();
        folder.Dispose();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(20250211)]
    public async Task Store_agrees_with_a_dictionary_whatever_happens(int seed)
    {
        var random = new Random(seed);
        await OpenAsync();
        for (var step = 0; step < 1_500; step++)
        {
            await StepAsync(random, step);
            if (step % 100 == 99)
            {
                data!.Dispose();
                await OpenAsync();
                await AssertSameAsync(null, _ => true);
            }
        }
    }

    private async Task StepAsync(Random random, int value)
    {
        var key = (Partition: $"p{random.Next(4)}", Row: $"{random.Next(60):D2}");
        switch (random.Next(6))
        {
            case 0:
                await ExpectAsync(model.ContainsKey(key) ? 409 : 204, () => table.AddEntityAsync(Entity(key, value)));
                model.TryAdd(key, value);
                break;
            case 1:
                await table.UpsertEntityAsync(Entity(key, value), random.Next(2) == 0 ? TableUpdateMode.Merge : TableUpdateMode.Replace);
                model[key] = value;
                break;
            case 2:
                await ExpectAsync(model.Remove(key) ? 204 : 404, () => table.DeleteEntityAsync(key.Partition, key.Row));
                break;
            case 3:
                await ExpectAsync(model.ContainsKey(key) ? 204 : 404, () => table.UpdateEntityAsync(Entity(key, value), ETag.All));
                if (model.ContainsKey(key))
                {
                    model[key] = value;
                }

                break;
            case 4:
                await TransactAsync(random, key.Partition, value);
                break;
            default:
                var (low, high) = ($"{random.Next(60):D2}", $"{random.Next(60):D2}");
                await AssertSameAsync(
                    TableClient.CreateQueryFilter($"PartitionKey eq {key.Partition} and RowKey ge {low} and RowKey lt {high}"),
                    other => other.Partition == key.Partition && string.CompareOrdinal(other.Row, low) >= 0 && string.CompareOrdinal(other.Row, high) < 0);
                break;
        }
    }

    private async Task TransactAsync(Random random, string partition, int value)
    {
        var rows = Enumerable.Range(0, random.Next(1, 30)).Select(_ => $"{random.Next(60):D2}").Distinct(StringComparer.Ordinal).ToArray();
        var adds = random.Next(4) == 0;
        var fails = adds && rows.Any(row => model.ContainsKey((partition, row)));
        await ExpectAsync(fails ? 409 : 202, async () => (await table.SubmitTransactionAsync(rows.Select(row => new TableTransactionAction(
            adds ? TableTransactionActionType.Add : TableTransactionActionType.UpsertReplace, Entity((partition, row), value))))).GetRawResponse());
        foreach (var row in fails ? [] : rows)
        {
            model[(partition, row)] = value;
        }
    }

    private async Task AssertSameAsync(string? filter, Predicate<(string Partition, string Row)> matches)
    {
        var entities = new List<((string, string), int)>();
        await foreach (var entity in table.QueryAsync<TableEntity>(filter, maxPerPage: 37))
        {
            entities.Add(((entity.PartitionKey, entity.RowKey), entity.GetInt32("Value")!.Value));
        }

        Assert.Equal(model.Where(pair => matches(pair.Key)).Select(pair => (pair.Key, pair.Value)), entities);
    }

    private async Task OpenAsync()
    {
        data = DataFolder.Open(folder.Path, TimeProvider.System, null, new JournalOptions { SegmentSize = 16 << 10, CompactionFloor = 32 << 10 });
        table = new LocalTableServiceClient(data!.Tables).GetTableClient("rows");
        await table.CreateIfNotExistsAsync();
    }

    private static TableEntity Entity((string Partition, string Row) key, int value) => new(key.Partition, key.Row) { ["Value"] = value, ["Filler"] = new byte[value % 50] };

    private static async Task ExpectAsync(int status, Func<Task<Response>> action)
    {
        try
        {
            Assert.Equal(status, (await action()).Status);
        }
        catch (RequestFailedException failure)
        {
            Assert.Equal(status, failure.Status);
        }
    }
}
