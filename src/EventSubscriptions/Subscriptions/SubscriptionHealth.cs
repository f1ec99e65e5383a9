using Azure;
using Azure.Data.Tables;
using EventSubscriptions.Events;
using EventSubscriptions.Storage;

namespace EventSubscriptions.Subscriptions;

/// <summary>The health of a subscription, as a row <c>h:{id}</c>. A subscription that never failed has none.</summary>
public sealed record SubscriptionHealth
{
    /// <summary>The prefix of the rows' keys.</summary>
    public const string Prefix = "h:";

    /// <summary>The first key after them.</summary>
    public const string End = "h;";

    /// <summary>No failure since the last success.</summary>
    public static readonly SubscriptionHealth Healthy = new();

    /// <summary>The first failure since the last success, or null.</summary>
    public DateTimeOffset? FailingSince { get; init; }

    /// <summary>The failed attempts since then, without those that are only counted in memory.</summary>
    public int Failures { get; init; }

    /// <summary>Whether one of them was at another event than an operational one: only then is it worth reporting.</summary>
    public bool HasFailedEvents { get; init; }

    /// <summary>The percentage of the last <c>SubscriptionFailingEvent</c> about them, or null if there was none.</summary>
    public int? ReportedPercent { get; init; }

    /// <summary>The deliveries that were dead-lettered since the last <c>DeliveryDeadLetteredEvent</c>.</summary>
    public int DeadLetters { get; init; }

    /// <summary>When the last <c>DeliveryDeadLetteredEvent</c> was made, or null.</summary>
    public DateTimeOffset? DeadLettersReportedAt { get; init; }

    /// <summary>The operational events that may not be published yet, see <see cref="HealthOutbox"/>; null for none.</summary>
    public string? Outbox { get; init; }

    /// <summary>Why the app deactivated the subscription, for people; null if it did not.</summary>
    public string? Reason { get; init; }

    /// <summary>The version of the row; <c>default</c> if there was none.</summary>
    public ETag ETag { get; init; }

    /// <summary>Whether the last known attempt failed.</summary>
    public bool IsFailing => FailingSince is not null;

    /// <summary>The row's key.</summary>
    public static string Key(SubscriptionId id) => $"{Prefix}{id}";

    /// <summary>The health after more failures, the first of them at the given time.</summary>
    public SubscriptionHealth Failed(DateTimeOffset at, int times = 1) =>
        this with
        {
            FailingSince = FailingSince ?? at,
            Failures = Failures + times,
        };

    /// <summary>The health after a success.</summary>
    public SubscriptionHealth Recovered() =>
        Healthy with
        {
            DeadLetters = DeadLetters,
            DeadLettersReportedAt = DeadLettersReportedAt,
            Outbox = Outbox,
            ETag = ETag,
        };

    /// <summary>The health with one more operational event to publish.</summary>
    public SubscriptionHealth Reporting(OperationalEvent item) => this with { Outbox = HealthOutbox.Append(Outbox, item) };

    internal static SubscriptionHealth Read(TableEntity row) =>
        new()
        {
            FailingSince = row.GetDateTimeOffset("failingSince"),
            Failures = row.GetInt32("failures") ?? 0,
            HasFailedEvents = row.GetBoolean("hasFailedEvents") ?? row.GetDateTimeOffset("failingSince") is not null,
            ReportedPercent = row.GetInt32("reportedPercent"),
            DeadLetters = row.GetInt32("deadLetters") ?? 0,
            DeadLettersReportedAt = row.GetDateTimeOffset("deadLettersReportedAt"),
            Outbox = row.GetString("outbox"),
            Reason = row.GetString("reason"),
            ETag = row.ETag,
        };

    internal TableEntity ToRow(string partition, SubscriptionId id)
    {
        var row = new TableEntity(partition, Key(id)) { ["failures"] = Failures };
        if (FailingSince is { } since)
        {
            row["failingSince"] = since;
            row["hasFailedEvents"] = HasFailedEvents;
        }

        row.Set("reportedPercent", ReportedPercent);
        row.Set("deadLetters", DeadLetters > 0 ? DeadLetters : null);
        row.Set("deadLettersReportedAt", DeadLettersReportedAt);
        row.Set("outbox", Outbox);
        row.Set("reason", Reason);

        row.ETag = ETag;
        return row;
    }
}
