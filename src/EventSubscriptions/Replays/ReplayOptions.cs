using EventSubscriptions.Options;

namespace EventSubscriptions.Replays;

/// <summary>The settings <c>Replays__…</c>.</summary>
public sealed record ReplayOptions
{
    /// <summary>How many deliveries one replay starts each second at most.</summary>
    public int RatePerSecond { get; init; } = 500;

    /// <summary>Reads and checks the settings.</summary>
    public static ReplayOptions Read(OptionsReader reader) =>
        new() { RatePerSecond = reader.Number("Replays__RatePerSecond", 500, 1, 10_000) };
}
