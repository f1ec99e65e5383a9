using System.Diagnostics;
using System.Text.Json;
using EventSubscriptions.Subscriptions.Filters;

namespace EventSubscriptions.Tests.Subscriptions.Filters;

/// <summary>Filters and payloads that mean harm: the work of a filter, and of all filters on one event, is bounded.</summary>
public sealed class FilterBudgetTests
{
    private static readonly JsonElement s_numbers = Payload($"[{string.Join(',', Enumerable.Repeat("0", 90_000))}]");
    private static readonly JsonElement s_text = Payload($"[{string.Join(',', Enumerable.Repeat($"\"{new string('x', 1000)}\"", 150))}]");
    private static readonly JsonElement s_members = Payload(
        $"[{{{string.Join(',', Enumerable.Range(0, 15_000).Select(i => $"\"m{i}\":0"))}}}]"
    );

    public static TheoryData<string, string> Expensive =>
        new()
        {
            { "numbers", $"{{\"data.a\":{{\"$in\":[{string.Join(',', Enumerable.Range(1, 900))}]}}}}" },
            { "numbers", $"{{\"$or\":[{string.Join(',', Enumerable.Range(1, 150).Select(i => $"{{\"data.a\":{i}}}"))}]}}" },
            { "text", $"{{\"$or\":[{string.Join(',', Enumerable.Repeat("{\"data.a\":{\"$contains\":\"xy\"}}", 100))}]}}" },
            { "members", $"{{\"$or\":[{string.Join(',', Enumerable.Repeat("{\"data.a.zz\":1}", 200))}]}}" },
        };

    [Theory]
    [MemberData(nameof(Expensive))]
    public void Expensive_filter_ends_soon_and_accepts(string payload, string filter)
    {
        var root = payload switch
        {
            "numbers" => s_numbers,
            "text" => s_text,
            _ => s_members,
        };
        var watch = Stopwatch.StartNew();

        Assert.True(SubscriptionFilter.Parse(filter).Matches(root));

        Assert.InRange(watch.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(10));
    }

    [Fact]
    public void Filters_share_the_budget_of_an_event()
    {
        var filter = SubscriptionFilter.Parse("""{"data.a":1}""");
        var budget = new FilterBudget();

        var accepted = Enumerable.Range(0, 20).Count(_ => filter.Matches(s_numbers, budget));

        // Eleven of them fit into the budget, and refuse the event.
        Assert.Equal(20 - 11, accepted);
        Assert.False(filter.Matches(s_numbers, new FilterBudget()));
    }

    [Fact]
    public void Text_is_found_among_many()
    {
        var filter = SubscriptionFilter.Parse("""{"data.a":{"$in":["x","y",1,null]}}""");

        Assert.True(filter.Matches(Payload("\"y\"")));
        Assert.True(filter.Matches(Payload("[2,1.0]")));
        Assert.True(filter.Matches(Payload("null")));
        Assert.False(filter.Matches(Payload("[\"z\",2,true]")));
    }

    private static JsonElement Payload(string value) => JsonElement.Parse($"{{\"data\":{{\"a\":{value}}}}}");
}
