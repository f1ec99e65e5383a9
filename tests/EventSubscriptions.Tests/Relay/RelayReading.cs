using EventSubscriptions.Relay;

namespace EventSubscriptions.Tests.Relay;

/// <summary>What a pager has read of an upstream.</summary>
internal sealed class RelayReading
{
    public HashSet<string> Ids { get; } = new(StringComparer.Ordinal);

    public List<RelayGap> Gaps { get; } = [];

    public int Disorders { get; set; }

    public string? Problem { get; set; }

    public DateTimeOffset ReadUpTo { get; set; }

    public static RelayReading Of(PagedUpstream upstream, DateTimeOffset start)
    {
        var pager = new RelayPager(start);
        var reading = new RelayReading();
        for (var pages = 0; pages < 10_000; pages++)
        {
            if (upstream.GetPage(pager.Oldest, pager.Limit) is not { } page)
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

        throw new InvalidOperationException("The poll does not end.");
    }
}
