using EventSubscriptions.Events;
using EventSubscriptions.Subscriptions;

namespace EventSubscriptions.Tests.Subscriptions;

public sealed class ActiveSubscriptionsTests
{
    private readonly TestClock _clock = new(DateTimeOffset.UnixEpoch);

    [Fact]
    public void Matching_merges_those_of_the_event_and_those_of_every_event_in_order()
    {
        var ids = Enumerable.Range(0, 9).Select(_ => NextId()).ToList();
        var active = new ActiveSubscriptions([
            (ids[5], ["A", "B"]),
            (ids[0], ["A"]),
            (ids[1], ["*"]),
            (ids[2], ["B"]),
            (ids[8], ["*"]),
            (ids[7], ["A"]),
        ]);

        Assert.Equal([ids[0], ids[1], ids[5], ids[7], ids[8]], active.Matching(EventName.Parse("A")));
        Assert.Equal([ids[1], ids[2], ids[5], ids[8]], active.Matching(EventName.Parse("B")));
        Assert.Equal([ids[1], ids[8]], active.Matching(EventName.Parse("unknown")));
        Assert.Equal([ids[1], ids[8]], active.Matching(EventName.Parse("a")));
        Assert.Empty(ActiveSubscriptions.None.Matching(EventName.Parse("A")));
    }

    [Fact]
    public void Matching_continues_behind_an_id_that_may_be_gone()
    {
        var ids = Enumerable.Range(0, 6).Select(_ => NextId()).ToList();
        var active = new ActiveSubscriptions([(ids[0], ["A"]), (ids[1], ["*"]), (ids[3], ["A"]), (ids[4], ["*"])]);

        for (var after = 0; after < ids.Count; after++)
        {
            Assert.Equal(
                active.Matching(EventName.Parse("A")).Where(id => string.CompareOrdinal(id.ToString(), ids[after].ToString()) > 0),
                active.Matching(EventName.Parse("A"), ids[after].ToString())
            );
        }
    }

    private SubscriptionId NextId()
    {
        _clock.Advance(TimeSpan.FromMilliseconds(1));
        return SubscriptionId.New(_clock);
    }
}
