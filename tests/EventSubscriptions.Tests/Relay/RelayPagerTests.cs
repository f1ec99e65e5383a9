using EventSubscriptions.Relay;

namespace EventSubscriptions.Tests.Relay;

public sealed class RelayPagerTests
{
    private static readonly DateTimeOffset s_start = new(2026, 1, 24, 10, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Empty_answer_ends_the_poll()
    {
        var upstream = new PagedUpstream();

        Assert.Empty(Read(upstream).Ids);
        Assert.Equal([(s_start, 100)], upstream.Questions);
    }

    [Fact]
    public void Page_that_is_not_full_is_the_last_when_the_next_shows_nothing_else()
    {
        var upstream = new PagedUpstream().Add(s_start.AddSeconds(1)).Add(s_start.AddSeconds(2));

        var reading = Read(upstream);

        Assert.Equal(2, reading.Ids.Count);
        Assert.Equal([(s_start, 100), (s_start.AddSeconds(2), 100)], upstream.Questions);
        Assert.Equal(s_start.AddSeconds(2), reading.ReadUpTo);
    }

    [Fact]
    public void Limit_doubles_until_all_events_of_a_moment_are_in_a_page()
    {
        var upstream = new PagedUpstream().Add(s_start.AddSeconds(1), 30).Add(s_start.AddSeconds(2), 2_500).Add(s_start.AddSeconds(3), 5);

        var reading = Read(upstream);

        Assert.Equal(2_535, reading.Ids.Count);
        Assert.Empty(reading.Gaps);
        Assert.Equal(3_200, upstream.Questions.Max(question => question.Limit));
    }

    [Fact]
    public void Moment_with_more_events_than_the_upstream_answers_with_is_stepped_past_and_reported()
    {
        var upstream = new PagedUpstream { Cap = 100 }
            .Add(s_start.AddSeconds(1), 30)
            .Add(s_start.AddSeconds(2), 250)
            .Add(s_start.AddSeconds(3), 5);

        var reading = Read(upstream);

        Assert.Equal(30 + 100 + 5, reading.Ids.Count);
        Assert.Equal([new RelayGap(s_start.AddSeconds(2), 100)], reading.Gaps);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(50)]
    public void Events_behind_a_moment_that_fills_pages_of_an_unknown_cap_are_found(int before)
    {
        var upstream = new PagedUpstream { Cap = 50 }
            .Add(s_start.AddSeconds(2), 80)
            .Add(s_start.AddSeconds(3), 120)
            .Add(s_start.AddSeconds(4));
        for (var n = 1; n < before; n++)
        {
            upstream.Add(s_start.AddMilliseconds(n));
        }

        var reading = Read(upstream);

        Assert.Equal([s_start.AddSeconds(2), s_start.AddSeconds(3)], reading.Gaps.Select(gap => gap.At));
        Assert.Equal(before - 1 + 50 + 50 + 1, reading.Ids.Count);
    }

    [Fact]
    public void Events_of_one_moment_that_are_all_there_are_no_gap()
    {
        var upstream = new PagedUpstream().Add(s_start.AddSeconds(2), 7);

        var reading = Read(upstream);

        Assert.Equal(7, reading.Ids.Count);
        Assert.Empty(reading.Gaps);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(1000)]
    [InlineData(1_000_000)]
    public void Upstream_that_cuts_the_time_it_is_asked_for_is_read_to_the_end(int microseconds)
    {
        var upstream = new PagedUpstream { Precision = TimeSpan.FromMicroseconds(microseconds) };
        for (var n = 0; n < 700; n++)
        {
            upstream.Add(s_start.AddMicroseconds(n * 7_000));
        }

        var reading = Read(upstream);

        Assert.Equal(700, reading.Ids.Count);
        Assert.Empty(reading.Gaps);
    }

    [Fact]
    public void Upstream_that_cuts_times_and_caps_answers_is_stepped_past_by_the_second()
    {
        var upstream = new PagedUpstream { Precision = TimeSpan.FromSeconds(1), Cap = 100 }
            .Add(s_start.AddSeconds(1), 150)
            .Add(s_start.AddSeconds(2), 3);

        var reading = Read(upstream);

        Assert.Equal(103, reading.Ids.Count);
        Assert.Single(reading.Gaps);
    }

    [Fact]
    public void Upstream_that_ignores_the_time_leads_nowhere()
    {
        var upstream = new PagedUpstream { Precision = TimeSpan.FromDays(10_000), Cap = 100 }.Add(s_start.AddDays(-1), 150);

        Assert.NotNull(Read(upstream).Problem);
    }

    [Fact]
    public void Full_page_without_any_time_leads_nowhere()
    {
        var page = new RelayPage([.. Enumerable.Range(0, 100).Select(n => PagedUpstream.Event($"e{n}", null))]);

        Assert.IsType<RelayStep.Stuck>(new RelayPager(s_start).Take(page));
    }

    [Fact]
    public void Last_moment_of_time_ends_the_poll()
    {
        var upstream = new PagedUpstream { Cap = 100 }.Add(DateTimeOffset.MaxValue.AddTicks(-9), 150);

        Assert.Equal(100, Read(upstream).Ids.Count);
    }

    [Fact]
    public void Fewer_events_are_asked_for_when_an_answer_is_too_large_and_the_limit_never_grows_beyond_that()
    {
        var upstream = new PagedUpstream { MaxCount = 60 }
            .Add(s_start.AddSeconds(1), 20)
            .Add(s_start.AddSeconds(2), 55)
            .Add(s_start.AddSeconds(3), 70);

        var reading = Read(upstream);

        Assert.Equal(50, upstream.Questions.Where(question => question.Limit <= 60).Max(question => question.Limit));
        Assert.Equal([s_start.AddSeconds(2), s_start.AddSeconds(3)], reading.Gaps.Select(gap => gap.At));
        Assert.Equal(20 + 50 + 50, reading.Ids.Count);
    }

    [Fact]
    public void Answer_of_two_events_is_the_smallest_that_is_asked_for()
    {
        var pager = new RelayPager(s_start);
        while (pager.TryAskForLess()) { }

        Assert.Equal(2, pager.Limit);
    }

    [Theory]
    [InlineData(100, 0)]
    [InlineData(1_000, 1)]
    public void Pages_in_no_order_are_enlarged_until_nothing_seems_to_be_missing_and_reported_where_that_is_not_sure(
        int count,
        int reported
    )
    {
        // Not full from the first on, so that a page of the standard size is taken for what it is.
        var upstream = new PagedUpstream { NewestFirst = true };
        for (var n = 1; n < count; n++)
        {
            upstream.Add(s_start.AddSeconds(n));
        }

        var reading = Read(upstream);

        Assert.Equal(count - 1, reading.Ids.Count);
        Assert.Equal(reported, reading.Disorders);
    }

    [Theory]
    [InlineData(100)]
    [InlineData(300)]
    public void Pages_in_no_order_that_can_not_be_enlarged_are_reported(int cap)
    {
        var upstream = new PagedUpstream { NewestFirst = true, Cap = cap };
        for (var n = 0; n < 1_000; n++)
        {
            upstream.Add(s_start.AddSeconds(n));
        }

        Assert.True(Read(upstream).Disorders > 0);
    }

    [Theory]
    [InlineData(80)]
    [InlineData(51)]
    public void Page_in_no_order_that_turns_out_to_have_been_cut_is_reported(int count)
    {
        var upstream = new PagedUpstream { Shuffle = new Random(1), Cap = 50 };
        for (var n = 0; n < count; n++)
        {
            upstream.Add(s_start.AddSeconds(Math.Min(n, 49)));
        }

        Assert.True(Read(upstream).Disorders > 0);
    }

    [Fact]
    public void Whatever_the_upstream_does_nothing_is_skipped_that_can_be_had_and_no_gap_is_reported_that_is_none()
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

            var reading = Read(upstream);

            foreach (var moment in upstream.Moments)
            {
                var read = upstream.IdsOf(moment).Count(reading.Ids.Contains);
                var isGap = reading.Gaps.Any(gap => gap.At == moment);
                var all = upstream.IdsOf(moment).Count;
                Assert.True(
                    read == Math.Min(all, upstream.Cap),
                    $"seed {seed}: {read} of {all} events of {moment:O} with a cap of {upstream.Cap}"
                );

                // What is cut at the very end looks whole until something follows.
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

    private static Reading Read(PagedUpstream upstream)
    {
        var pager = new RelayPager(s_start);
        var reading = new Reading();
        for (var pages = 0; pages < 10_000; pages++)
        {
            if (upstream.Answer(pager.Oldest, pager.Limit) is not { } page)
            {
                Assert.True(pager.TryAskForLess());
                continue;
            }

            reading.Ids.UnionWith(page.Events.Select(item => item.Id.ToString()));
            var step = pager.Take(page);
            reading.Disorders += step.Disorder is null ? 0 : 1;
            reading.ReadUpTo = step.ReadUpTo > reading.ReadUpTo ? step.ReadUpTo.Value : reading.ReadUpTo;
            upstream.AssertIsRead(reading.ReadUpTo, reading.Ids);
            switch (step)
            {
                case RelayStep.End:
                    return reading;
                case RelayStep.Stuck stuck:
                    reading.Problem = stuck.Problem;
                    return reading;
                case RelayStep.More more:
                    if (more.Gap is { } gap)
                    {
                        reading.Gaps.Add(gap);
                    }

                    break;
                default:
                    throw new NotSupportedException();
            }
        }

        throw new InvalidOperationException("There is no end.");
    }

    private sealed class Reading
    {
        public HashSet<string> Ids { get; } = new(StringComparer.Ordinal);

        public List<RelayGap> Gaps { get; } = [];

        public int Disorders { get; set; }

        public string? Problem { get; set; }

        public DateTimeOffset ReadUpTo { get; set; }
    }
}
