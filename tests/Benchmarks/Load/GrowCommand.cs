using System.Diagnostics;
using System.Globalization;
using Azure.Data.Tables;
using LocalHost.Storage;
using LocalHost.Tables;
using Microsoft.Extensions.Logging.Abstractions;

namespace Benchmarks.Load;

/// <summary>
/// The verb <c>grow</c>: what a delivery log that grows costs the local host. Transactions of two rows, each awaited, 256 at once, over
/// 10,000 partitions, and newest first within each of them. <c>grow 5000000</c> writes ten million rows; <c>grow 5000000 DIR</c> continues
/// in a folder, and keeps it.
/// </summary>
internal static class GrowCommand
{
    private const int AtOnce = 256;
    private const int Partitions = 10_000;
    private const int Step = 250_000;

    public static async Task Run(int transactions, string? folder)
    {
        var path = folder ?? Directory.CreateTempSubdirectory("log-").FullName;
        using (var database = Database.Open(Path.Combine(path, "db"), NullLogger.Instance))
        {
            var table = new LocalTableServiceClient(new TableStore(database, TimeProvider.System)).GetTableClient("deliverylog");
            await table.CreateIfNotExistsAsync();
            for (var done = 0; done < transactions; done += Step)
            {
                await Write(table, Math.Min(Step, transactions - done), done);
            }
        }

        if (folder is null)
        {
            Directory.Delete(path, recursive: true);
        }
    }

    private static async Task Write(TableClient table, int count, int done)
    {
        using var process = Process.GetCurrentProcess();
        var (started, cpu) = (Stopwatch.GetTimestamp(), process.TotalProcessorTime);
        var left = count;
        await Task.WhenAll(
            Enumerable
                .Range(0, AtOnce)
                .Select(_ =>
                    Task.Run(async () =>
                    {
                        for (var number = Interlocked.Decrement(ref left); number >= 0; number = Interlocked.Decrement(ref left))
                        {
                            await table.SubmitTransactionAsync(Rows(done + number));
                        }
                    })
                )
        );
        process.Refresh();
        var used = (process.TotalProcessorTime - cpu).TotalMicroseconds / count;
        Console.WriteLine(
            string.Create(
                CultureInfo.InvariantCulture,
                $"{done + count, 10:N0} transactions {count / Stopwatch.GetElapsedTime(started).TotalSeconds, 8:N0}/s {used, 6:N1} µs CPU {process.WorkingSet64 / 1e6, 5:N0} MB"
            )
        );
    }

    private static TableTransactionAction[] Rows(int number)
    {
        var time = DateTime.MaxValue.Ticks - DateTime.UtcNow.Ticks;
        var partition = string.Create(CultureInfo.InvariantCulture, $"sub_01jkz5w8x9y7v6t5s4r3{number * 7919L % Partitions:D5}");
        var eventId = string.Create(CultureInfo.InvariantCulture, $"evt_01jkz5w8x9y7v6t5{number:D10}");
        return [Row($"{time:D19}:{eventId}:0:1"), Row($"e:{eventId}:{time:D19}")];

        TableTransactionAction Row(string key) =>
            new(
                TableTransactionActionType.UpsertReplace,
                new TableEntity(partition, key)
                {
                    ["eventId"] = eventId,
                    ["eventName"] = "CaseArchivedEvent",
                    ["attempt"] = 1,
                    ["run"] = "0",
                    ["outcome"] = "delivered",
                    ["durationMs"] = 12L,
                    ["statusCode"] = 200,
                }
            );
    }
}
