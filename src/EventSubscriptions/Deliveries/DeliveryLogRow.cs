using System.Globalization;
using Azure.Data.Tables;
using EventSubscriptions.Storage;
using EventSubscriptions.Subscriptions;

namespace EventSubscriptions.Deliveries;

/// <summary>An attempt as a row: <c>{inverted ticks}:{eventId}:{run}:{attempt}</c> in the partition of its subscription.</summary>
internal static class DeliveryLogRow
{
    public const string EventIdColumn = "eventId";
    public const string OutcomeColumn = "outcome";

    public static readonly string[] OutcomeColumns = [nameof(TableEntity.RowKey), EventIdColumn, OutcomeColumn];

    public static TableEntity Make(SubscriptionId subscription, DeliveryAttempt attempt)
    {
        var key = string.Create(CultureInfo.InvariantCulture, $"{InvertedTicks.Format(attempt.At)}:{attempt.EventId}:{attempt.Run}:{attempt.Attempt}");
        var row = new TableEntity(subscription.ToString(), key)
        {
            [EventIdColumn] = attempt.EventId,
            ["eventName"] = attempt.EventName,
            ["attempt"] = attempt.Attempt,
            ["run"] = attempt.Run,
            [OutcomeColumn] = attempt.Outcome,
            ["durationMs"] = attempt.DurationMs,
        };
        Set(row, "statusCode", attempt.StatusCode);
        Set(row, "errorKind", attempt.Error?.Kind);
        Set(row, "errorDetail", attempt.Error?.Detail);
        Set(row, "responseSnippet", attempt.ResponseSnippet);
        Set(row, "nextAttemptAt", attempt.NextAttemptAt);
        return row;
    }

    public static DeliveryAttempt Read(TableEntity row)
    {
        return new DeliveryAttempt
        {
            EventId = row.GetString(EventIdColumn) ?? "",
            EventName = row.GetString("eventName") ?? "",
            Attempt = row.GetInt32("attempt") ?? 0,
            Run = row.GetString("run") ?? "",
            At = InvertedTicks.TryParse(row.RowKey, out var at) ? at : default,
            Outcome = row.GetString(OutcomeColumn) ?? "",
            DurationMs = row.GetInt64("durationMs") ?? 0,
            StatusCode = row.GetInt32("statusCode"),
            Error = row.GetString("errorKind") is { } kind ? new DeliveryError(kind, row.GetString("errorDetail") ?? "") : null,
            ResponseSnippet = row.GetString("responseSnippet"),
            NextAttemptAt = row.GetDateTimeOffset("nextAttemptAt"),
        };
    }

    private static void Set(TableEntity row, string name, object? value)
    {
        if (value is not null)
        {
            row[name] = value;
        }
    }
}
