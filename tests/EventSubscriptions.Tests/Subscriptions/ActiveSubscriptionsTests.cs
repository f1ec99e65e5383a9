using EventSubscriptions.Events;
using EventSubscriptions.Events.Catalogue;
using EventSubscriptions.Subscriptions;

namespace EventSubscriptions.Tests.Subscriptions;

public sealed class ActiveSubscriptionsTests
{
    private readonly TestClock _clock = new(DateTimeOffset.UnixEpoch);

    [Fact]
    public void Matches_by_name_and_by_wildcard_are_merged_in_order()
    {
        var ids = Enumerable.Range(0, 9).Select(_ => NextId()).ToList();
        var active = new ActiveSubscriptions([
            new(ids[5], ["A", "B"]),
            new(ids[0], ["A"]),
            new(ids[1], ["*"]),
            new(ids[2], ["B"]),
            new(ids[8], ["*"]),
            new(ids[7], ["A"]),
        ]);

        Assert.Equal([ids[0], ids[1], ids[5], ids[7], ids[8]], active.Matching(EventName.Parse("A"), null));
        Assert.Equal([ids[1], ids[2], ids[5], ids[8]], active.Matching(EventName.Parse("B"), null));
        Assert.Equal([ids[1], ids[8]], active.Matching(EventName.Parse("unknown"), null));
        Assert.Equal([ids[1], ids[8]], active.Matching(EventName.Parse("a"), null));
        Assert.Empty(ActiveSubscriptions.None.Matching(EventName.Parse("A"), null));
    }

    [Fact]
    public void Matching_continues_after_an_id_that_may_be_deleted()
    {
        var ids = Enumerable.Range(0, 6).Select(_ => NextId()).ToList();
        var active = new ActiveSubscriptions([new(ids[0], ["A"]), new(ids[1], ["*"]), new(ids[3], ["A"]), new(ids[4], ["*"])]);

        for (var after = 0; after < ids.Count; after++)
        {
            Assert.Equal(
                active.Matching(EventName.Parse("A"), null).Where(id => string.CompareOrdinal(id.ToString(), ids[after].ToString()) > 0),
                active.Matching(EventName.Parse("A"), null, ids[after].ToString())
            );
        }
    }

    private SubscriptionId NextId()
    {
        _clock.Advance(TimeSpan.FromMilliseconds(1));
        return SubscriptionId.New(_clock);
    }

    [Fact]
    public void Patterns_match_by_prefix_and_category_and_each_subscription_once()
    {
        var ids = Enumerable.Range(0, 6).Select(_ => NextId()).ToList();
        var active = new ActiveSubscriptions([
            new(ids[0], ["CaseClosedEvent", "Case*", "category:Case", "CaseC*"]),
            new(ids[1], ["category:Case"]),
            new(ids[2], ["Case*"]),
            new(ids[3], ["case*", "category:case", "Cases*"]),
            new(ids[4], ["*"]),
            new(ids[5], ["CaseClosedEvent"]),
        ]);

        Assert.Equal([ids[0], ids[1], ids[2], ids[4], ids[5]], active.Matching(EventName.Parse("CaseClosedEvent"), "Case"));
        Assert.Equal([ids[2], ids[4], ids[5]], active.Matching(EventName.Parse("CaseClosedEvent"), "Case", ids[1].ToString()));
        Assert.Equal([ids[0], ids[2], ids[4]], active.Matching(EventName.Parse("CaseNewerEvent"), null));
        Assert.Equal([ids[0], ids[1], ids[4]], active.Matching(EventName.Parse("Other"), "Case"));
        Assert.Equal([ids[4]], active.Matching(EventName.Parse("Other"), null));
    }

    [Fact]
    public void Operational_events_match_by_name_only()
    {
        var ids = Enumerable.Range(0, 5).Select(_ => NextId()).ToList();
        var active = new ActiveSubscriptions([
            new(ids[0], ["*"]),
            new(ids[1], ["Subscription*"]),
            new(ids[2], ["category:System"]),
            new(ids[3], ["SubscriptionFailingEvent*"]),
            new(ids[4], ["Case*", "SubscriptionFailingEvent"]),
        ]);

        Assert.Equal([ids[4]], active.Matching(OperationalEvents.SubscriptionFailing, "System"));
        Assert.Empty(active.Matching(OperationalEvents.SubscriptionRecovered, "System"));
    }

    [Theory]
    [InlineData("Subscription*", "matches no event type: patterns don't match operational events, which must be named")]
    [InlineData("category:System", "matches no event type: patterns don't match operational events, which must be named")]
    [InlineData("Subscripton*", "matches no event type; GET /api/event-types lists their names and categories")]
    [InlineData("Relay*", null)]
    public void Pattern_that_matches_only_operational_events_is_refused(string pattern, string? error)
    {
        Assert.Equal(error, EventPattern.Check(pattern, EventCatalogue.Load()));
    }
}
