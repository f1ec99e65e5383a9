using EventSubscriptions.Relay;

namespace EventSubscriptions.Tests.Relay;

public sealed class RelayPagerTests
{
    private static readonly DateTimeOffset s_start = new(2026, 1, 24, 10, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Empty_page_ends_the_poll()
    {
        var upstream = new PagedUpstream();

        Assert.Empty(RelayReading.Of(upstream, s_start).Ids);
        Assert.Equal([(s_start, 100)], upstream.Requests);
    }

    [Fact]
    public void Partial_page_is_the_last_when_the_next_has_no_other_events()
    {
        var upstream = new PagedUpstream().Add(s_start.AddSeconds(1)).Add(s_start.AddSeconds(2));

        var reading = RelayReading.Of(upstream, s_start);

        Assert.Equal(2, reading.Ids.Count);
        Assert.Equal([(s_start, 100), (s_start.AddSeconds(2), 100)], upstream.Requests);
        Assert.Equal(s_start.AddSeconds(2), reading.ReadUpTo);
    }

    [Fact]
    public void Limit_doubles_until_all_events_of_a_timestamp_are_in_a_page()
    {
        var upstream = new PagedUpstream().Add(s_start.AddSeconds(1), 30).Add(s_start.AddSeconds(2), 2_500).Add(s_start.AddSeconds(3), 5);

        var reading = RelayReading.Of(upstream, s_start);

        Assert.Equal(2_535, reading.Ids.Count);
        Assert.Empty(reading.Gaps);
        Assert.Equal(3_200, upstream.Requests.Max(request => request.Limit));
    }

    [Fact]
    public void Timestamp_is_skipped_and_reported_when_it_has_more_events_than_a_capped_page()
    {
        var upstream = new PagedUpstream { Cap = 100 }
            .Add(s_start.AddSeconds(1), 30)
            .Add(s_start.AddSeconds(2), 250)
            .Add(s_start.AddSeconds(3), 5);

        var reading = RelayReading.Of(upstream, s_start);

        Assert.Equal(30 + 100 + 5, reading.Ids.Count);
        Assert.Equal([new RelayGap(s_start.AddSeconds(2), 100)], reading.Gaps);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(50)]
    public void Events_after_a_skipped_timestamp_are_read_when_the_cap_is_unknown(int before)
    {
        var upstream = new PagedUpstream { Cap = 50 }
            .Add(s_start.AddSeconds(2), 80)
            .Add(s_start.AddSeconds(3), 120)
            .Add(s_start.AddSeconds(4));
        for (var n = 1; n < before; n++)
        {
            upstream.Add(s_start.AddMilliseconds(n));
        }

        var reading = RelayReading.Of(upstream, s_start);

        Assert.Equal([s_start.AddSeconds(2), s_start.AddSeconds(3)], reading.Gaps.Select(gap => gap.At));
        Assert.Equal(before - 1 + 50 + 50 + 1, reading.Ids.Count);
    }

    [Fact]
    public void Complete_timestamp_is_not_reported_as_a_gap()
    {
        var upstream = new PagedUpstream().Add(s_start.AddSeconds(2), 7);

        var reading = RelayReading.Of(upstream, s_start);

        Assert.Equal(7, reading.Ids.Count);
        Assert.Empty(reading.Gaps);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(1000)]
    [InlineData(1_000_000)]
    public void All_events_are_read_when_the_requested_time_is_truncated(int microseconds)
    {
        var upstream = new PagedUpstream { Precision = TimeSpan.FromMicroseconds(microseconds) };
        for (var n = 0; n < 700; n++)
        {
            upstream.Add(s_start.AddMicroseconds(n * 7_000));
        }

        var reading = RelayReading.Of(upstream, s_start);

        Assert.Equal(700, reading.Ids.Count);
        Assert.Empty(reading.Gaps);
    }

    [Fact]
    public void Second_is_skipped_when_the_requested_time_is_truncated_and_pages_are_capped()
    {
        var upstream = new PagedUpstream { Precision = TimeSpan.FromSeconds(1), Cap = 100 }
            .Add(s_start.AddSeconds(1), 150)
            .Add(s_start.AddSeconds(2), 3);

        var reading = RelayReading.Of(upstream, s_start);

        Assert.Equal(103, reading.Ids.Count);
        Assert.Single(reading.Gaps);
    }

    [Fact]
    public void Poll_is_stuck_when_the_requested_time_is_ignored()
    {
        var upstream = new PagedUpstream { Precision = TimeSpan.FromDays(10_000), Cap = 100 }.Add(s_start.AddDays(-1), 150);

        Assert.NotNull(RelayReading.Of(upstream, s_start).Problem);
    }

    [Fact]
    public void Poll_is_stuck_when_a_full_page_has_no_timestamps()
    {
        var page = new RelayPage([.. Enumerable.Range(0, 100).Select(n => PagedUpstream.Event($"e{n}", null))]);

        Assert.IsType<RelayStep.Stuck>(new RelayPager(s_start).Take(page));
    }

    [Fact]
    public void Maximum_timestamp_ends_the_poll()
    {
        var upstream = new PagedUpstream { Cap = 100 }.Add(DateTimeOffset.MaxValue.AddTicks(-9), 150);

        Assert.Equal(100, RelayReading.Of(upstream, s_start).Ids.Count);
    }

    [Fact]
    public void Limit_shrinks_when_a_response_is_too_large_and_does_not_grow_again()
    {
        var upstream = new PagedUpstream { MaxCount = 60 }
            .Add(s_start.AddSeconds(1), 20)
            .Add(s_start.AddSeconds(2), 55)
            .Add(s_start.AddSeconds(3), 70);

        var reading = RelayReading.Of(upstream, s_start);

        Assert.Equal(50, upstream.Requests.Where(request => request.Limit <= 60).Max(request => request.Limit));
        Assert.Equal([s_start.AddSeconds(2), s_start.AddSeconds(3)], reading.Gaps.Select(gap => gap.At));
        Assert.Equal(20 + 50 + 50, reading.Ids.Count);
    }

    [Fact]
    public void Limit_is_at_least_two()
    {
        var pager = new RelayPager(s_start);
        while (pager.TryAskForLess()) { }

        Assert.Equal(2, pager.Limit);
    }

    [Theory]
    [InlineData(100, 0)]
    [InlineData(1_000, 1)]
    public void Unordered_pages_are_enlarged_and_reported_when_events_may_be_missing(int count, int reported)
    {
        // One event less than a full first page, so that the first page is not taken for a capped one.
        var upstream = new PagedUpstream { NewestFirst = true };
        for (var n = 1; n < count; n++)
        {
            upstream.Add(s_start.AddSeconds(n));
        }

        var reading = RelayReading.Of(upstream, s_start);

        Assert.Equal(count - 1, reading.Ids.Count);
        Assert.Equal(reported, reading.Disorders);
    }

    [Theory]
    [InlineData(100)]
    [InlineData(300)]
    public void Unordered_pages_are_reported_when_they_cannot_be_enlarged(int cap)
    {
        var upstream = new PagedUpstream { NewestFirst = true, Cap = cap };
        for (var n = 0; n < 1_000; n++)
        {
            upstream.Add(s_start.AddSeconds(n));
        }

        Assert.True(RelayReading.Of(upstream, s_start).Disorders > 0);
    }

    [Theory]
    [InlineData(80)]
    [InlineData(51)]
    public void Unordered_page_is_reported_when_it_was_capped(int count)
    {
        var upstream = new PagedUpstream { Shuffle = new Random(1), Cap = 50 };
        for (var n = 0; n < count; n++)
        {
            upstream.Add(s_start.AddSeconds(Math.Min(n, 49)));
        }

        Assert.True(RelayReading.Of(upstream, s_start).Disorders > 0);
    }

    [Fact]
    public void Every_available_event_is_read_and_every_gap_is_real_for_random_upstreams()
    {
        for (var seed = 0; seed < 300; seed++)
        {
            var random = new Random(seed);
            var upstream = new PagedUpstream
            {
                Cap = random.Next(3) == 0 ? random.Next(2, 300) : int.MaxValue,
                Shuffle = random.Next(4) == 0 ? random : null,
            };
            var at = s_start;
            for (var moments = random.Next(0, 60); moments > 0; moments--)
            {
                at = at.AddMicroseconds(random.Next(1, 3) == 1 ? 1 : random.Next(1, 100_000_000));
                upstream.Add(at, random.Next(6) == 0 ? random.Next(1, 400) : random.Next(1, 4));
            }

            var reading = RelayReading.Of(upstream, s_start);

            foreach (var moment in upstream.Moments)
            {
                var read = upstream.IdsOf(moment).Count(reading.Ids.Contains);
                var isGap = reading.Gaps.Any(gap => gap.At == moment);
                var all = upstream.IdsOf(moment).Count;
                Assert.True(
                    read == Math.Min(all, upstream.Cap),
                    $"seed {seed}: {read} of {all} events of {moment:O} with a cap of {upstream.Cap}"
                );

                // A capped page at the very end looks complete until more events follow.
                Assert.True(
                    read == all || isGap || moment == at,
                    $"seed {seed}: no gap at {moment:O} with {all} events and a cap of {upstream.Cap}"
                );
                Assert.False(
                    isGap && all < upstream.Cap && all % 100 != 0,
                    $"seed {seed}: a gap at {moment:O} with {all} events and a cap of {upstream.Cap}"
                );
            }
        }
    }
}
