using System.Diagnostics;
using System.Globalization;
using EventSubscriptions;
using EventSubscriptions.Deliveries;
using EventSubscriptions.Deliveries.Log;
using EventSubscriptions.Deliveries.Outcome;
using EventSubscriptions.Events;
using EventSubscriptions.Http;
using EventSubscriptions.Retention;
using EventSubscriptions.Storage;
using LocalHost;
using LocalHost.Tables;

namespace Benchmarks.Log;

/// <summary>Whether what people and the purge ask of one subscription's delivery log costs more the longer it is.</summary>
internal static class LogCommand
{
    private const int RowsOfAttempt = 2;
    private const int Writers = 1_000;
    private const int Reads = 300;
    private const int Steps = 15;
    private const int StepRows = 250;

    private static readonly DateTimeOffset s_start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly TimeSpan s_pace = TimeSpan.FromSeconds(1);

    /// <param name="args">Numbers of rows.</param>
    public static async Task Run(string[] args)
    {
        int[] lengths =
            args.Length > 0 ? [.. args.Select(arg => int.Parse(arg, CultureInfo.InvariantCulture))] : [10_000, 100_000, 1_000_000];
        Console.WriteLine(
            $"{"rows", 10} {"write", 12} {"open", 10} {"unknown", 10} {"newest 50", 10} {"of event", 10} {"purge step", 11}   (medians; a step deletes {StepRows} attempts)"
        );
        // The first round warms up.
        _ = await MeasureAsync(lengths[0]);
        foreach (var rows in lengths)
        {
            Console.WriteLine(await MeasureAsync(rows));
        }
    }

    private static async Task<string> MeasureAsync(int rows)
    {
        var folder = Directory.CreateTempSubdirectory("log-").FullName;
        try
        {
            using var data = DataFolder.Open(folder, TimeProvider.System);
            var tables = new LocalTableServiceClient(data.Tables);
            await Task.WhenAll(TableNames.All.Select(name => tables.GetTableClient(name).CreateIfNotExistsAsync()));
            var log = new DeliveryLog(tables);
            var subscription = SubscriptionId.New(TimeProvider.System);
            var attempts = rows / RowsOfAttempt;
            var started = Stopwatch.GetTimestamp();
            var next = -1;
            await Task.WhenAll(
                Enumerable
                    .Range(0, Writers)
                    .Select(async _ =>
                    {
                        while (Interlocked.Increment(ref next) is var i && i < attempts)
                        {
                            await log.AppendAsync(subscription, Attempt(i), hasWaited: false, default);
                        }
                    })
            );
            var perSecond = attempts / Stopwatch.GetElapsedTime(started).TotalSeconds;

            var random = new Random(1);
            var list = new PageRequest("deliverylog", 50, null);
            var all = new DeliveryFilter(new TimeRange(null, null), null, null);
            var open = await MedianAsync(Reads, () => log.AttemptsOfAsync(subscription, Id(random.Next(attempts)), 100, default));
            var unknown = await MedianAsync(Reads, () => log.AttemptsOfAsync(subscription, Id(attempts), 100, default));
            var newest = await MedianAsync(Reads, () => log.ListAsync(subscription, all, list, default));
            var ofEvent = await MedianAsync(
                Reads,
                () => log.ListAsync(subscription, all with { EventId = Id(random.Next(attempts)).ToString() }, list, default)
            );
            var expired = 0;
            var purge = await MedianAsync(Steps, () => PurgeAsync(tables, s_start + (s_pace * (expired += StepRows)) - (s_pace / 2)));
            return string.Create(
                CultureInfo.InvariantCulture,
                $"{rows, 10} {perSecond, 10:0}/s {open, 7:0.000} ms {unknown, 7:0.000} ms {newest, 7:0.000} ms {ofEvent, 7:0.000} ms {purge, 8:0.0} ms"
            );
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task PurgeAsync(LocalTableServiceClient tables, DateTimeOffset before)
    {
        var purge = RetentionPurge.OfDeliveryLog(tables, before);
        await purge.StepAsync(StepRows, default);
        if (purge.Removed != StepRows * RowsOfAttempt)
        {
            throw new InvalidOperationException($"A step has removed {purge.Removed} rows.");
        }

        // To its end, so that the next begins anew.
        while (!await purge.StepAsync(StepRows, default)) { }
    }

    private static async Task<double> MedianAsync(int times, Func<Task> act)
    {
        var taken = new double[times];
        for (var i = 0; i < times; i++)
        {
            var started = Stopwatch.GetTimestamp();
            await act();
            taken[i] = Stopwatch.GetElapsedTime(started).TotalMilliseconds;
        }

        Array.Sort(taken);
        return taken[times / 2];
    }

    private static EventId Id(int number) =>
        EventId.TryParse(string.Create(CultureInfo.InvariantCulture, $"evt_{number}"), out var id) ? id : default;

    private static DeliveryAttempt Attempt(int number) =>
        new()
        {
            EventId = Id(number).ToString(),
            EventName = "CaseClosedEvent",
            Attempt = 1,
            Run = DeliveryRun.Event.ToString(),
            At = s_start + (s_pace * number),
            EndedAt = s_start + (s_pace * number) + TimeSpan.FromMilliseconds(20),
            Outcome = DeliveryOutcome.Delivered,
            StatusCode = 200,
            ResponseSnippet = "thanks",
        };
}
