using System.Globalization;

namespace Benchmarks.Load;

/// <summary>What the load test was told to do.</summary>
internal sealed record LoadOptions
{
    public const string Help = """
        dotnet run -c Release --project tests/Benchmarks -- load [options]

        Runs the built app in a process of its own, in durable mode, against a receiver in another, and prints
        what it measured beside the goals. Figures are for this machine, with all processes on it.

          --subscriptions N   subscriptions that each event goes to                 (10)
          --events M          events published, so that N x M POSTs arrive          (3000)
          --rounds R          rounds of those, and of fan-outs; the first is discarded  (4)
          --rate R            events per second while latency is measured           (500)
          --seconds S         how long latency is measured                          (10)
          --fan-out N         subscriptions that one event is fanned out to         (10000)
          --waiting N         deliveries waiting while memory is measured           (1000000)
          --only A,B          of: start, throughput, latency, growth, fan-out, filters, waiting  (all)
          --json              prints JSON in place of the table
          --help              prints this
        """;

    public static readonly string[] Parts = ["start", "throughput", "latency", "growth", "fan-out", "filters", "waiting"];

    public int Subscriptions { get; init; } = 10;

    public int Events { get; init; } = 3000;

    public int Rounds { get; init; } = 4;

    public int Rate { get; init; } = 500;

    public int Seconds { get; init; } = 10;

    public int FanOut { get; init; } = 10_000;

    public int Waiting { get; init; } = 1_000_000;

    public IReadOnlyList<string> Only { get; init; } = Parts;

    public bool Json { get; init; }

    public bool ShowHelp { get; init; }

    /// <summary>Reads the command line. Throws <see cref="FormatException"/> with what is wrong.</summary>
    public static LoadOptions Parse(IReadOnlyList<string> args)
    {
        var options = new LoadOptions();
        for (var i = 0; i < args.Count; i++)
        {
            options = args[i] switch
            {
                "--subscriptions" => options with { Subscriptions = Number(args, ++i) },
                "--events" => options with { Events = Number(args, ++i) },
                "--rounds" => options with { Rounds = Number(args, ++i) },
                "--rate" => options with { Rate = Number(args, ++i) },
                "--seconds" => options with { Seconds = Number(args, ++i) },
                "--fan-out" => options with { FanOut = Number(args, ++i) },
                "--waiting" => options with { Waiting = Number(args, ++i) },
                "--only" => options with { Only = PartsOf(args, ++i) },
                "--json" => options with { Json = true },
                "--help" => options with { ShowHelp = true },
                var other => throw new FormatException($"Unknown option {other}."),
            };
        }

        return options;
    }

    public bool Runs(string part) => Only.Contains(part, StringComparer.Ordinal);

    private static int Number(IReadOnlyList<string> args, int i) =>
        i < args.Count && int.TryParse(args[i], NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0
            ? number
            : throw new FormatException($"{args[i - 1]} needs a positive number.");

    private static string[] PartsOf(IReadOnlyList<string> args, int i)
    {
        var parts = i < args.Count ? args[i].Split(',') : [];
        return parts.Length > 0 && parts.All(part => Parts.Contains(part, StringComparer.Ordinal))
            ? parts
            : throw new FormatException($"{args[i - 1]} needs some of: {string.Join(", ", Parts)}.");
    }
}
