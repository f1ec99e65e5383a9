using Azure;
using Azure.Data.Tables;

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
    public SubscriptionHealth Recovered() => Healthy with { ETag = ETag };

    internal static SubscriptionHealth Read(TableEntity row) =>
        new()
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
