using Azure;
using Azure.Data.Tables;
using LocalHost.Storage;
using LocalHost.Tables;
using LocalHost.Tests.Storage;

namespace LocalHost.Tests.Tables;

/// <summary>Random operations on the store and on a dictionary, which must agree, while the database is closed and opened again.</summary>
public sealed class TableModelTests : IDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly List<ETag> etags = [new ETag("W/\"never\"")];
    private readonly SortedDictionary<(string Partition, string Row), (int Value, ETag ETag)> model = new(
        Comparer<(string Partition, string Row)>.Create(
            (a, b) => Order(a.Partition, b.Partition) is not 0 and var order ? order : Order(a.Row, b.Row)
        )
    );

    private Database? database;
    private TableClient table = null!;

    public void Dispose()
    {
        database?.Dispose();
        folder.Dispose();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(20250211)]
    public async Task Store_behaves_like_a_dictionary_in_random_schedules(int seed)
    {
        var random = new Random(seed);
        await OpenAsync();
        for (var step = 0; step < 2_000; step++)
        {
            await StepAsync(random, step);
            if (step % 100 == 99)
            {
                database!.Dispose();
                await OpenAsync();
                await AssertSameAsync(null, _ => true);
            }
        }

        Assert.Equal(etags.Count, etags.Distinct().Count());
    }

    private async Task StepAsync(Random random, int value)
    {
        var key = (Partition: $"p{random.Next(4)}", Row: $"{random.Next(60):D2}");
        var exists = model.TryGetValue(key, out var row);
        var isOld = random.Next(2) == 0;
        var ifMatch =
            random.Next(3) == 0 ? ETag.All
            : isOld || !exists ? etags[random.Next(etags.Count)]
            : row.ETag;
        var mode = random.Next(2) == 0 ? TableUpdateMode.Merge : TableUpdateMode.Replace;
        var status =
            !exists ? 404
            : ifMatch == ETag.All || ifMatch == row.ETag ? 204
            : 412;
        switch (random.Next(8))
        {
            case 0:
                await ExpectAsync(exists ? 409 : 204, key, value, () => table.AddEntityAsync(Entity(key, value)));
                break;
            case 1:
                await ExpectAsync(204, key, value, () => table.UpsertEntityAsync(Entity(key, value), mode));
                break;
            case 2:
                await ExpectAsync(status, key, null, () => table.DeleteEntityAsync(key.Partition, key.Row, ifMatch));
                break;
            case 3:
                await ExpectAsync(status, key, value, () => table.UpdateEntityAsync(Entity(key, value), ifMatch, mode));
                break;
            case 4:
                await TransactAsync(random, key.Partition, value);
                break;
            case 5:
                var found = await table.GetEntityIfExistsAsync<TableEntity>(key.Partition, key.Row);
                Assert.Equal(row, found.HasValue ? (found.Value!.GetInt32("Value")!.Value, found.Value.ETag) : default);
                break;
            case 6:
                var (from, to) = ($"{random.Next(60):D2}", $"{random.Next(60):D2}");
                await AssertSameAsync(
                    TableClient.CreateQueryFilter($"RowKey gt {from} and RowKey le {to} and PartitionKey ne {key.Partition}"),
                    row => row.Partition != key.Partition && Order(row.Row, from) > 0 && Order(row.Row, to) <= 0
                );
                break;
            default:
                var (low, high) = ($"{random.Next(60):D2}", $"{random.Next(60):D2}");
                await AssertSameAsync(
                    TableClient.CreateQueryFilter($"PartitionKey eq {key.Partition} and RowKey ge {low} and RowKey lt {high}"),
                    row => row.Partition == key.Partition && Order(row.Row, low) >= 0 && Order(row.Row, high) < 0
                );
                break;
        }
    }

    private async Task TransactAsync(Random random, string partition, int value)
    {
        var rows = Enumerable.Range(0, random.Next(1, 30)).Select(_ => $"{random.Next(60):D2}").Distinct(StringComparer.Ordinal).ToArray();
        var adds = random.Next(4) == 0;
        var failed = adds ? Array.FindIndex(rows, row => model.ContainsKey((partition, row))) : -1;
        try
        {
            var response = await table.SubmitTransactionAsync(
                rows.Select(row => new TableTransactionAction(
                    adds ? TableTransactionActionType.Add : TableTransactionActionType.UpsertReplace,
                    Entity((partition, row), value)
                ))
            );
            Assert.Equal(-1, failed);
            etags.Add(response.Value[0].Headers.ETag!.Value);
            foreach (var row in rows)
            {
                model[(partition, row)] = (value, etags[^1]);
            }
        }
        catch (TableTransactionFailedException failure)
        {
            Assert.Equal((409, failed), (failure.Status, failure.FailedTransactionActionIndex));
        }
    }

    private async Task AssertSameAsync(string? filter, Predicate<(string Partition, string Row)> matches)
    {
        var entities = new List<((string, string), (int, ETag))>();
        await foreach (var entity in table.QueryAsync<TableEntity>(filter, maxPerPage: 37))
        {
            entities.Add(((entity.PartitionKey, entity.RowKey), (entity.GetInt32("Value")!.Value, entity.ETag)));
        }

        Assert.Equal(model.Where(pair => matches(pair.Key)).Select(pair => (pair.Key, pair.Value)), entities);
    }

    private async Task OpenAsync()
    {
        database = TestDatabase.Open(Path.Combine(folder.Path, "db"));
        table = new LocalTableServiceClient(new TableStore(database, TimeProvider.System)).GetTableClient("rows");
        await table.CreateIfNotExistsAsync();
    }

    private static int Order(string a, string b) => string.CompareOrdinal(a, b);

    private static TableEntity Entity((string Partition, string Row) key, int value) =>
        new(key.Partition, key.Row) { ["Value"] = value, ["Filler"] = new byte[value % 50] };

    /// <param name="status">What the action's response or exception must have.</param>
    /// <param name="key">The row that it changes.</param>
    /// <param name="value">What the row has if the action succeeds; null if it is gone.</param>
    /// <param name="action">What is done.</param>
    private async Task ExpectAsync(int status, (string Partition, string Row) key, int? value, Func<Task<Response>> action)
    {
        Response response;
        try
        {
            response = await action();
            Assert.Equal(status, response.Status);
        }
        catch (RequestFailedException failure)
        {
            Assert.Equal(status, failure.Status);
            return;
        }

        if (value is null)
        {
            model.Remove(key);
        }
        else
        {
            etags.Add(response.Headers.ETag!.Value);
            model[key] = (value.Value, etags[^1]);
        }
    }
}
