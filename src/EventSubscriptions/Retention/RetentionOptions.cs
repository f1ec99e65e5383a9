using EventSubscriptions.Deliveries;
using EventSubscriptions.Events.Archive;
using EventSubscriptions.Options;
using EventSubscriptions.Subscriptions;

namespace EventSubscriptions.Retention;

/// <summary>The settings <c>Retention__…</c>: how long data is kept.</summary>
public sealed record RetentionOptions
{
    private static readonly TimeSpan s_shortest = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_longest = TimeSpan.FromDays(3650);

    /// <summary>Entries of the audit log.</summary>
    public required TimeSpan AuditLog { get; init; }

    /// <summary>Attempts, and replays that have ended.</summary>
    public required TimeSpan DeliveryLog { get; init; }

    /// <summary>Payloads, which can be resent and replayed for that long.</summary>
    public required TimeSpan EventArchive { get; init; }

    /// <summary>Reads and checks the settings.</summary>
    public static RetentionOptions Read(OptionsReader reader)
    {
        var options = new RetentionOptions
        {
            AuditLog = reader.Duration("Retention__AuditLog", TimeSpan.FromDays(90), s_shortest, s_longest),
            DeliveryLog = reader.Duration("Retention__DeliveryLog", TimeSpan.FromDays(90), s_shortest, s_longest),
            EventArchive = ArchiveOptions.Read(reader).Retention,
        };
        if (options.DeliveryLog < options.EventArchive)
        {
            // An archived event without an attempt in the log would look missed.
            reader.AddError("Retention__DeliveryLog", "must be at least as long as Retention__EventArchive");
        }

        var longestWait = SubscriptionRules.LongestWait(DeliveriesOptions.ReadRetrySchedule(reader));
        if (options.EventArchive <= longestWait)
        {
            // Attempts after the first read the payload from the archive.
            reader.AddError(
                "Retention__EventArchive",
                $"must be longer than {longestWait:c}: the sum of Deliveries__RetrySchedule plus 20 % jitter, and one day of Retry-After"
            );
        }

        return options;
    }
}
