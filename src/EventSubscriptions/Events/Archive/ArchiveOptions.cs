using EventSubscriptions.Options;

namespace EventSubscriptions.Events.Archive;

/// <summary>The settings of the event archive.</summary>
public sealed record ArchiveOptions
{
    private static readonly TimeSpan s_min = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_max = TimeSpan.FromDays(3650);

    /// <summary><c>Retention__EventArchive</c>: how long payloads are kept and can be resent and replayed.</summary>
    public required TimeSpan Retention { get; init; }

    /// <summary>Reads and checks the settings.</summary>
    public static ArchiveOptions Read(OptionsReader reader) =>
        new() { Retention = reader.Duration("Retention__EventArchive", TimeSpan.FromDays(30), s_min, s_max) };
}
