using EventSubscriptions.Options;

namespace EventSubscriptions.Replays;

/// <summary>The settings <c>Replays__…</c>.</summary>
public sealed record ReplayOptions
{
    /// <summary>The most deliveries that one replay starts per second.</summary>
    public int RatePerSecond { get; init; } = 500;

    /// <summary>Reads and checks the settings.</summary>
    public static ReplayOptions Read(OptionsReader reader) =>
        new() { RatePerSecond = reader.Number("Replays__RatePerSecond", 500, 1, 10_000) };
}
