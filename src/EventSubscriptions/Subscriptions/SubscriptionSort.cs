using System.Globalization;
using System.Text;
using System.Text.Json.Serialization;

namespace EventSubscriptions.Subscriptions;

/// <summary>The order of a list of subscriptions.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<SubscriptionSort>))]
internal enum SubscriptionSort
{
    /// <summary>Oldest first.</summary>
    [JsonStringEnumMemberName("createdAt")]
    CreatedAt,

    /// <summary>Newest first.</summary>
    [JsonStringEnumMemberName("-createdAt")]
    CreatedAtDescending,

    /// <summary>By name, ignoring case.</summary>
    [JsonStringEnumMemberName("name")]
    Name,

    /// <summary>By name in descending order, ignoring case.</summary>
    [JsonStringEnumMemberName("-name")]
    NameDescending,

    /// <summary>Failing ones first, then deactivated ones, then healthy ones; by name within each.</summary>
    [JsonStringEnumMemberName("health")]
    Health,
}

/// <summary>
/// Where a subscription stands in a sorted list: a text that a continuation token can have. Positions are unique, and compared ordinally.
/// </summary>
internal static class SubscriptionPosition
{
    /// <summary>Names are compared up to this length, so that a position is not longer than a row key.</summary>
    private const int MaxLength = 64;

    private const char AfterKey = '!';

    public static IComparer<string> ComparerOf(SubscriptionSort sort) =>
        sort is SubscriptionSort.CreatedAtDescending or SubscriptionSort.NameDescending
            ? Comparer<string>.Create(static (a, b) => string.CompareOrdinal(b, a))
            : StringComparer.Ordinal;

    public static string Of(Subscription subscription, SubscriptionSort sort, bool isFailing) =>
        sort switch
        {
            SubscriptionSort.CreatedAt or SubscriptionSort.CreatedAtDescending => subscription.Id.ToString(),
            SubscriptionSort.Health => Rank(SubscriptionHealthResponse.StateOf(subscription, isFailing)) + ByName(subscription),
            _ => ByName(subscription),
        };

    private static string Rank(SubscriptionState state) =>
        state switch
        {
            SubscriptionState.Failing => "0",
            SubscriptionState.Deactivated => "1",
            _ => "2",
        };

    private static string ByName(Subscription subscription)
    {
        var name = subscription.Name.ToUpper(CultureInfo.InvariantCulture);
        return $"{Convert.ToHexString(Encoding.UTF8.GetBytes(name[..Math.Min(name.Length, MaxLength)]))}{AfterKey}{subscription.Id}";
    }
}
