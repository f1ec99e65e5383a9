using System.Diagnostics;
using TestSupport.App;

namespace Benchmarks.Load;

/// <summary>The verb <c>load</c>: the whole pipeline under load, measured from outside.</summary>
internal sealed class LoadCommand(LoadOptions options, ReceiverProcess receiver, Progress progress)
{
    // The only invocation hangs, so that what is queued stays there and no delivery takes part in what is measured.
    private static readonly (string Name, string Value)[] s_oneHangs =
    [
        ("Deliveries__Deadline", "00:02:00"),
        ("AzureFunctionsJobHost__extensions__serviceBus__maxConcurrentCalls", "1"),
    ];

    private const int Organization = 1;
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(3);

    private readonly Report _report = new();
    private readonly Rounds _rounds = new(options.Rounds, progress);

    public static async Task<int> Run(IReadOnlyList<string> args)
    {
        LoadOptions options;
        try
        {
            options = LoadOptions.Parse(args);
        }
        catch (FormatException wrong)
        {
            Console.Error.WriteLine(wrong.Message);
            Console.Error.WriteLine(LoadOptions.Help);
            return 2;
        }

        if (options.ShowHelp)
        {
            Console.WriteLine(LoadOptions.Help);
            return 0;
        }

        await using var receiver = await ReceiverProcess.Start();
        var report = await new LoadCommand(options, receiver, new Progress()).Measure();
        if (options.Json)
        {
            report.WriteJson(Console.Out);
        }
        else
        {
            report.WriteTable(Console.Out);
        }

        return 0;
    }

    private async Task<Report> Measure()
    {
        (string Part, Func<Task> Run)[] parts =
        [
            ("start", Start),
            ("throughput", Throughput),
            ("growth", Growth),
            ("latency", Latency),
            ("fan-out", FanOut),
            ("filters", FilteredFanOut),
            ("waiting", Waiting),
        ];
        foreach (var (part, run) in parts.Where(part => options.Runs(part.Part)))
        {
            progress.Say($"== {part}");
            await run();
        }

        return _report;
    }

    private async Task Start()
    {
        var times = new List<double>();
        for (var i = 0; i < 3; i++)
        {
            await using var app = await AppProcess.Start();
            times.Add(app.StartTime.TotalSeconds);
        }

        _report.Add(new("start", "start to ready, empty folder", Statistics.Median(times), "s", AtMost: 2));
    }

    private async Task Throughput()
    {
        var total = options.Subscriptions * options.Events;
        using var client = Process.GetCurrentProcess();
        var raw = await _rounds.MeasureWarm(client, total, () => MeasureRawLimit(total));
        await using var app = await AppProcess.Start();
        var ours = await MeasureDeliveries(app, others: 0);
        _report.Add(new("raw", $"raw limit, HttpClient, {RawLimit.Concurrency} at once", raw.Rate, "/s"));
        _report.Add(
            new("deliveries", $"deliveries, {options.Events:N0} events x {options.Subscriptions:N0} subscriptions", ours.Rate, "/s")
        );
        _report.Add(new("ratio", "ratio of the two", ours.Rate / raw.Rate, "", AtLeast: 0.5));
        _report.Add(new("cpu", "CPU of the app for a delivery", ours.Cpu, "µs"));
        _report.Add(
            new("cpuRatio", "CPU of the app for a delivery, over that of HttpClient for a request", ours.Cpu / raw.Cpu, "", AtMost: 2)
        );
        _report.Add(new("throughputPeakMemory", "peak memory meanwhile", Rounds.PeakMemory(app), "MB"));
    }

    /// <summary>The same deliveries again in an organization with many other subscriptions, which want another event.</summary>
    private async Task Growth()
    {
        var alone = _report.ValueOf("deliveries");
        if (alone is null)
        {
            await using var small = await AppProcess.Start();
            alone = (await MeasureDeliveries(small, others: 0)).Rate;
        }

        await using var app = await AppProcess.Start();
        var (rate, _) = await MeasureDeliveries(app, others: options.FanOut);
        _report.Add(
            new("growth", $"deliveries among {options.FanOut:N0} other subscriptions, against alone", rate / alone.Value, "", AtLeast: 0.9)
        );
    }

    private async Task Latency()
    {
        await using var app = await AppProcess.Start();
        var user = new Operator(app, Organization);
        await user.Subscribe(1, receiver.Time);
        await PublishAtRate(user, options.Rate);

        var published = await PublishAtRate(user, options.Rate * options.Seconds);
        var times = await receiver.Times();
        double[] FromTo(Func<Published, long> from) =>
            [.. published.Select(one => Stopwatch.GetElapsedTime(from(one), times[one.Id]).TotalMilliseconds).Order()];
        var accepted = FromTo(one => one.AcceptedAt);
        var sent = FromTo(one => one.SentAt);
        _report.Add(
            new(
                "latencyP50",
                $"publish accepted to POST received, {options.Rate:N0}/s, p50",
                Math.Max(0, Statistics.Percentile(accepted, 0.50)),
                "ms",
                AtMost: 5
            )
        );
        _report.Add(
            new(
                "latencyP99",
                $"publish accepted to POST received, {options.Rate:N0}/s, p99",
                Statistics.Percentile(accepted, 0.99),
                "ms",
                AtMost: 20
            )
        );
        _report.Add(
            new("totalLatencyP50", $"publish sent to POST received, {options.Rate:N0}/s, p50", Statistics.Percentile(sent, 0.50), "ms")
        );
        _report.Add(
            new("totalLatencyP99", $"publish sent to POST received, {options.Rate:N0}/s, p99", Statistics.Percentile(sent, 0.99), "ms")
        );
    }

    private Task FanOut() => FanOut("fanOut", "fan-out", filterOfHalf: null, atLeast: 100_000);

    /// <summary>The same with a filter of every second subscription, which accepts the event: the rate is to be at least 80 % of it.</summary>
    private Task FilteredFanOut() =>
        FanOut(
            "filteredFanOut",
            "fan-out, half with filters,",
            new Dictionary<string, object>(StringComparer.Ordinal)
            {
                ["data.id"] = new Dictionary<string, object>(StringComparer.Ordinal) { ["$startsWith"] = "case-" },
            },
            atLeast: 80_000
        );

    private async Task FanOut(string name, string what, object? filterOfHalf, double atLeast)
    {
        await using var app = await AppProcess.Start(s_oneHangs);
        using var process = Process.GetProcessById(app.ProcessId);
        var user = await SubscribeToSilence(app, filterOfHalf);
        const int events = 10;
        var waiting = 0L;
        var (rate, cpu) = await _rounds.MeasureWarm(
            process,
            options.FanOut * events,
            async () =>
            {
                waiting += options.FanOut * events;
                var started = Stopwatch.GetTimestamp();
                await user.Publish(events);
                await UntilWaiting(user, waiting);
                return options.FanOut * events / Stopwatch.GetElapsedTime(started).TotalSeconds;
            }
        );
        _report.Add(new(name, $"{what} to {options.FanOut:N0} subscriptions, enqueued", rate, "/s", AtLeast: atLeast));
        _report.Add(new(name + "Cpu", "CPU of the app for one of those", cpu, "µs"));
    }

    private async Task Waiting()
    {
        await using var app = await AppProcess.Start(s_oneHangs);
        var user = await SubscribeToSilence(app);
        await user.Publish((options.Waiting + options.FanOut - 1) / options.FanOut);
        var waiting = await UntilWaiting(user, options.Waiting);
        using var process = Process.GetProcessById(app.ProcessId);
        _report.Add(new("memory", $"memory with {waiting:N0} deliveries waiting", process.WorkingSet64 / 1e6, "MB", AtMost: 500));
        _report.Add(new("peakMemory", "peak memory until then", Rounds.PeakMemory(app), "MB"));
    }

    private Task<double> MeasureRawLimit(int requests)
    {
        progress.Say("the raw limit");
        return RawLimit.Measure(receiver, requests, Operator.PayloadOf(Organization, number: 1000), progress);
    }

    private async Task<Speed> MeasureDeliveries(AppProcess app, int others)
    {
        using var process = Process.GetProcessById(app.ProcessId);
        var user = new Operator(app, Organization);
        if (others > 0)
        {
            progress.Say($"{others:N0} other subscriptions");
            await user.Subscribe(others, receiver.Count, Operator.OtherEventName);
        }

        await user.Subscribe(options.Subscriptions, receiver.Count);
        progress.Say("warming up");
        await receiver.Expect(options.Subscriptions * 100);
        await user.Publish(100);
        await receiver.Complete(progress);

        var total = options.Subscriptions * options.Events;
        return await _rounds.MeasureWarm(
            process,
            total,
            async () =>
            {
                progress.Say($"{total:N0} deliveries");
                await receiver.Expect(total);
                var started = Stopwatch.GetTimestamp();
                await user.Publish(options.Events);
                return total / Stopwatch.GetElapsedTime(started, await receiver.Complete(progress)).TotalSeconds;
            }
        );
    }

    /// <summary>Publishes one event after another at a fixed rate, whether or not those before are through.</summary>
    private async Task<List<Published>> PublishAtRate(Operator user, int count)
    {
        progress.Say($"{count:N0} events at {options.Rate:N0}/s");
        await receiver.Expect(count);
        var sending = new List<Task<Published>>(count);
        var started = Stopwatch.GetTimestamp();
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(1));
        while (sending.Count < count)
        {
            await timer.WaitForNextTickAsync();
            var due = (int)Math.Min(count, Stopwatch.GetElapsedTime(started).TotalSeconds * options.Rate);
            while (sending.Count < due)
            {
                sending.Add(PublishOne(user, sending.Count));
            }
        }

        var published = await Task.WhenAll(sending);
        await receiver.Complete(progress);
        return [.. published];
    }

    private static async Task<Published> PublishOne(Operator user, int number)
    {
        var sentAt = Stopwatch.GetTimestamp();
        var (id, acceptedAt) = await user.PublishOne(number);
        return new Published(id, sentAt, acceptedAt);
    }

    /// <summary>As many subscriptions as one event is fanned out to, at a receiver that never responds, so that deliveries wait.</summary>
    private async Task<Operator> SubscribeToSilence(AppProcess app, object? filterOfHalf = null)
    {
        var user = new Operator(app, Organization);
        progress.Say($"{options.FanOut:N0} subscriptions");
        await user.Subscribe(options.FanOut, receiver.Hang, filterOfHalf: filterOfHalf);
        return user;
    }

    private async Task<long> UntilWaiting(Operator user, long count)
    {
        var watch = Stopwatch.StartNew();
        var said = TimeSpan.Zero;
        long waiting;
        while ((waiting = await user.Waiting()) < count)
        {
            if (watch.Elapsed > s_patience)
            {
                progress.Say($"no more than {waiting:N0} waiting after {s_patience}");
                return waiting;
            }

            if (watch.Elapsed - said > TimeSpan.FromSeconds(1))
            {
                said = watch.Elapsed;
                progress.Say($"{waiting:N0} waiting");
            }
        }

        return waiting;
    }

    private sealed record Published(string Id, long SentAt, long AcceptedAt);
}
