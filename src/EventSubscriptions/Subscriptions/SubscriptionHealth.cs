using Azure;
using Azure.Data.Tables;

namespace EventSubscriptions.Subscriptions;

/// <summary>Whether a subscription's deliveries arrive, as a row <c>h:{id}</c>; one that never failed has none.</summary>
public sealed record SubscriptionHealth
{
    /// <summary>The prefix of the rows' keys.</summary>
    public const string Prefix = "h:";

    /// <summary>Nothing has failed since the last success.</summary>
    public static readonly SubscriptionHealth Healthy = new();

    /// <summary>When the first attempt failed since the last success, or null where none has.</summary>
    public DateTimeOffset? FailingSince { get; init; }

    /// <summary>How many attempts have failed since then. What was counted and not written down is missing.</summary>
    public int Failures { get; init; }

    /// <summary>Why the app has deactivated the subscription, for people; null where it has not.</summary>
    public string? Reason { get; init; }

    /// <summary>The version of the row that this was read from; <c>default</c> where there was none.</summary>
    public ETag ETag { get; init; }

    /// <summary>Whether the last attempt known of has failed.</summary>
    public bool IsFailing => FailingSince is not null;

    /// <summary>The row's key.</summary>
    public static string Key(SubscriptionId id) => $"{Prefix}{id}";

    /// <summary>The health behind more failures, the first of which was at a time.</summary>
    public SubscriptionHealth Failed(DateTimeOffset at, int times = 1) =>
        this with { FailingSince = FailingSince ?? at, Failures = Failures + times };

    /// <summary>The health behind a success.</summary>
    public SubscriptionHealth Recovered() => Healthy with { ETag = ETag };

    internal static SubscriptionHealth Read(TableEntity row) => new()
    {
        FailingSince = row.GetDateTimeOffset("failingSince"),
        Failures = row.GetInt32("failures") ?? 0,
        Reason = row.GetString("reason"),
        ETag = row.ETag,
    };

    internal TableEntity ToRow(string partition, SubscriptionId id)
    {
        var row = new TableEntity(partition, Key(id)) { ["failures"] = Failures };
        if (FailingSince is { } since)
        {
            row["failingSince"] = since;
        }

        if (Reason is not null)
        {
            row["reason"] = Reason;
        }

        row.ETag = ETag;
        return row;
    }
}
