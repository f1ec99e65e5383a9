using System.Globalization;
using Azure.Data.Tables;
using EventSubscriptions.Deliveries.Outcome;
using EventSubscriptions.Destinations;
using EventSubscriptions.Http;
using EventSubscriptions.Storage;

namespace EventSubscriptions.Deliveries.Log;

/// <summary>
/// The rows of the table <c>deliverylog</c>, in the partition of their subscription. An attempt is <c>t:{inverted ticks of its
/// end}:{eventId}:{run}:{attempt}</c>, and <c>e:{eventId}:{run}:{attempt}:{inverted ticks of its end}</c> finds it by its event and has its
/// outcome. <c>w:{eventId}:{run}</c> exists while a delivery waits.
/// </summary>
internal static class DeliveryLogRow
{
    public const string AttemptPrefix = "t:";
    public const string OutcomePrefix = "e:";
    public const string WaitPrefix = "w:";
    public const string OutcomeColumn = "outcome";

    public static readonly string[] OutcomeColumns = [nameof(TableEntity.RowKey), OutcomeColumn];

    private const char Separator = ':';

    public static TableEntity Make(SubscriptionId subscription, DeliveryAttempt attempt)
    {
        var row = new TableEntity(subscription.ToString(), AttemptKey(attempt))
        {
            ["eventName"] = attempt.EventName,
            ["at"] = attempt.At,
            [OutcomeColumn] = attempt.Outcome.ToName(),
        };
        row.Set("statusCode", attempt.StatusCode);
        row.Set("errorKind", attempt.Error is { } error ? error.Kind.ToName() : null);
        row.Set("errorDetail", attempt.Error?.Detail);
        row.Set("responseSnippet", attempt.ResponseSnippet);
        row.Set("nextAttemptAt", attempt.NextAttemptAt);
        return row;
    }

    /// <summary>The row that finds an attempt by its event.</summary>
    public static TableEntity MakeOutcome(TableEntity attempt) =>
        new(attempt.PartitionKey, OutcomeKey(attempt.RowKey)) { [OutcomeColumn] = attempt[OutcomeColumn] };

    public static TableEntity MakeWait(SubscriptionId subscription, string eventId, string run, DateTimeOffset due, WaitReason reason) =>
        new(subscription.ToString(), WaitKey(eventId, run)) { ["due"] = due, ["reason"] = reason.ToName() };

    public static DeliveryWait ReadWait(TableEntity row) => new(row.RequireTime("due"), row.RequireMember<WaitReason>("reason"));

    /// <summary>The inverted ticks of an attempt's end, from the row that finds it by its event.</summary>
    public static string EndOf(TableEntity outcome) => outcome.RowKey[^InvertedTicks.Length..];

    public static string WaitKey(string eventId, string run) => $"{WaitPrefix}{eventId}{Separator}{run}";

    /// <summary>The attempts that ended in a time range.</summary>
    public static RowRange Range(SubscriptionId subscription, TimeRange times)
    {
        var (atLeast, below) = InvertedTicks.KeyRange(times.From, times.To);
        var all = RowRange.StartingWith(subscription.ToString(), AttemptPrefix);
        return all with { AtLeast = AttemptPrefix + atLeast, Below = below is null ? all.Below : AttemptPrefix + below };
    }

    public static DeliveryAttempt Read(TableEntity row)
    {
        var key = row.RowKey[AttemptPrefix.Length..];
        var endedAt = InvertedTicks.TryParse(key, out var end) ? end : default;
        var identity = key.Split(Separator);
        return new DeliveryAttempt
        {
            EventId = identity[1],
            EventName = row.GetString("eventName") ?? "",
            Attempt = int.Parse(identity[3], CultureInfo.InvariantCulture),
            Run = identity[2],
            At = row.GetDateTimeOffset("at") ?? endedAt,
            EndedAt = endedAt,
            Outcome = row.RequireMember<DeliveryOutcome>(OutcomeColumn),
            StatusCode = row.GetInt32("statusCode"),
            Error = EnumNames<ErrorKind>.Find(row.GetString("errorKind")) is { } kind
                ? new DeliveryError(kind, row.GetString("errorDetail") ?? "")
                : null,
            ResponseSnippet = row.GetString("responseSnippet"),
            NextAttemptAt = row.GetDateTimeOffset("nextAttemptAt"),
        };
    }

    /// <summary>The event of an attempt's row.</summary>
    public static string EventIdOf(string attemptKey)
    {
        var rest = attemptKey.AsSpan(AttemptPrefix.Length + InvertedTicks.Length + 1);
        return rest[..rest.IndexOf(Separator)].ToString();
    }

    /// <summary>The key that finds an attempt by its event, from the key of its row.</summary>
    public static string OutcomeKey(string attemptKey)
    {
        var end = AttemptPrefix.Length + InvertedTicks.Length;
        return $"{OutcomePrefix}{attemptKey.AsSpan(end + 1)}{Separator}{attemptKey.AsSpan(AttemptPrefix.Length, InvertedTicks.Length)}";
    }

    /// <summary>The key of an attempt's row, from the key that finds it by its event.</summary>
    public static string AttemptKey(string outcomeKey)
    {
        var end = outcomeKey.Length - InvertedTicks.Length;
        return $"{AttemptPrefix}{outcomeKey.AsSpan(end)}{Separator}{outcomeKey.AsSpan(OutcomePrefix.Length, end - 1 - OutcomePrefix.Length)}";
    }

    private static string AttemptKey(DeliveryAttempt attempt) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{AttemptPrefix}{InvertedTicks.Format(attempt.EndedAt)}{Separator}{attempt.EventId}{Separator}{attempt.Run}{Separator}{attempt.Attempt}"
        );
}
