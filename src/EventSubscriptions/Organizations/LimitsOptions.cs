using EventSubscriptions.Options;

namespace EventSubscriptions.Organizations;

/// <summary>The settings <c>Limits__…</c>: what one organization may have, so that it leaves enough for others.</summary>
public sealed record LimitsOptions
{
    /// <summary>How many subscriptions.</summary>
    public int SubscriptionsPerOrganization { get; init; } = 1_000;

    /// <summary>How many replays that have not ended.</summary>
    public int ReplaysPerOrganization { get; init; } = 10;

    /// <summary>How many tests at once, on each instance.</summary>
    public int TestsPerOrganization { get; init; } = 4;

    /// <summary>How many events it may publish over HTTP in a second, on each instance; null is no limit.</summary>
    public int? EventsPerSecondPerOrganization { get; init; }

    /// <summary>Reads and checks the settings.</summary>
    public static LimitsOptions Read(OptionsReader reader) => new()
    {
        SubscriptionsPerOrganization = reader.Number("Limits__SubscriptionsPerOrganization", 1_000, min: 1, max: 1_000_000),
        ReplaysPerOrganization = reader.Number("Limits__ReplaysPerOrganization", 10, min: 1, max: 1_000),
        TestsPerOrganization = reader.Number("Limits__TestsPerOrganization", 4, min: 1, max: 1_000),
        EventsPerSecondPerOrganization = reader.Text("Limits__EventsPerSecondPerOrganization") is null
            ? null
            : reader.Number("Limits__EventsPerSecondPerOrganization", 1, min: 1, max: 1_000_000),
    };
}
