using EventSubscriptions.Options;

namespace EventSubscriptions.Organizations;

/// <summary>The settings <c>Limits__…</c>: what one organization may use, so that enough remains for others.</summary>
public sealed record LimitsOptions
{
    /// <summary>The most subscriptions.</summary>
    public int SubscriptionsPerOrganization { get; init; } = 1_000;

    /// <summary>The most replays that have not ended.</summary>
    public int ReplaysPerOrganization { get; init; } = 10;

    /// <summary>The most concurrent tests on each instance.</summary>
    public int TestsPerOrganization { get; init; } = 4;

    /// <summary>The most events that may be published over HTTP per second on each instance; null is no limit.</summary>
    public int? EventsPerSecondPerOrganization { get; init; }

    /// <summary>Reads and checks the settings.</summary>
    public static LimitsOptions Read(OptionsReader reader) =>
        new()
        {
            SubscriptionsPerOrganization = reader.Number("Limits__SubscriptionsPerOrganization", 1_000, min: 1, max: 1_000_000),
            ReplaysPerOrganization = reader.Number("Limits__ReplaysPerOrganization", 10, min: 1, max: 1_000),
            TestsPerOrganization = reader.Number("Limits__TestsPerOrganization", 4, min: 1, max: 1_000),
            EventsPerSecondPerOrganization = reader.Text("Limits__EventsPerSecondPerOrganization") is null
                ? null
                : reader.Number("Limits__EventsPerSecondPerOrganization", 1, min: 1, max: 1_000_000),
        };
}
