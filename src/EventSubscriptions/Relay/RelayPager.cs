using EventSubscriptions.Events;

namespace EventSubscriptions.Relay;

/// <summary>
/// Decides what to request next, so that no event is skipped: page after page, each from the time of the newest event of the previous one,
/// until a page contains nothing new. Without I/O and clock.
/// </summary>
/// <remarks>
/// Relay returns the oldest events from a time on, inclusive, up to a limit. If a full page makes no progress (all of it happened at one
/// moment, or it is not ordered), the limit doubles. How many events Relay really returns is found out: a page that is shorter than the
/// limit counts as the last only after the next page, from its newest event on, has shown nothing new. If more events of one moment are not
/// available, the pager steps past that moment and reports a gap.
/// </remarks>
internal sealed class RelayPager(DateTimeOffset oldest)
{
    /// <summary>The first limit, which is Relay's default.</summary>
    public const int FirstLimit = 100;

    /// <summary>One would not do: a page starts with the last event of the previous one.</summary>
    private const int SmallestLimit = 2;

    private static readonly TimeSpan s_step = TimeSpan.FromMicroseconds(1);

    /// <summary>For a Relay that reads times to the second.</summary>
    private static readonly TimeSpan s_largeStep = TimeSpan.FromSeconds(1);

    private int _ceiling = int.MaxValue;
    private int? _cap;
    private int? _countBeforeDoubling;
    private bool _steppedFar;
    private int _largestCount;
    private Ending? _ending;
    private (DateTimeOffset At, int Count)? _behind;

    /// <summary>The time to request events from.</summary>
    public DateTimeOffset Oldest { get; private set; } = oldest;

    /// <summary>The limit to request.</summary>
    public int Limit { get; private set; } = FirstLimit;

    /// <summary>Lowers the limit, because a response of this size is not available. Returns false if it is at its minimum.</summary>
    public bool TryAskForLess()
    {
        if (Limit <= SmallestLimit)
        {
            return false;
        }

        _ceiling = Limit = Math.Max(SmallestLimit, Limit / 2);
        _countBeforeDoubling = null;
        return true;
    }

    /// <summary>Processes the response to the last request.</summary>
    public RelayStep Take(RelayPage page)
    {
        var count = page.Events.Count;
        if (_behind is { } cut)
        {
            _behind = null;
            if (count == 0)
            {
                return new RelayStep.End(null);
            }

            // More follows, so the page that seemed the last was incomplete: continue from there.
            (_cap, Oldest) = (cut.Count, cut.At);
            return new RelayStep.More(null);
        }

        if (count == 0)
        {
            return new RelayStep.End(null);
        }

        var ending = _ending;
        _ending = null;
        var hasMore = ending is not null && page.Events.Any(item => !ending.Ids.Contains(item.Id));
        LearnCap(count, hasMore ? ending!.Count : null);
        if (page.Newest is not { } newest)
        {
            return IsFull(count) ? new RelayStep.Stuck("No event in Relay's response has a time.") : new RelayStep.End(null);
        }

        var endedAt = Oldest;
        var step = IsFull(count) ? TakeFull(page, newest) : TakeShort(page, newest, hasMore);
        _largestCount = Math.Max(_largestCount, count);
        return hasMore && !ending!.IsInOrder ? step with { Disorder = new RelayGap(endedAt, ending.Count) } : step;
    }

    private RelayStep TakeFull(RelayPage page, DateTimeOffset newest)
    {
        var count = page.Events.Count;
        if (page.IsInOrder && newest > Oldest)
        {
            return GoOnFrom(newest);
        }

        if (count >= Limit && count != _cap && Limit <= _ceiling / 2)
        {
            _countBeforeDoubling = count;
            Limit *= 2;
            return new RelayStep.More(null);
        }

        if (newest > Oldest)
        {
            GoOnFrom(newest);
            return new RelayStep.More(newest) { Disorder = new RelayGap(newest, count) };
        }

        return StepPast(newest, count);
    }

    private RelayStep TakeShort(RelayPage page, DateTimeOffset newest, bool hasMore)
    {
        var count = page.Events.Count;
        if (newest > Oldest)
        {
            _ending = new Ending(count, page.IsInOrder, [.. page.Events.Select(item => item.Id)]);
            var step = GoOnFrom(newest);

            // Without an order, a short page of a larger limit may be incomplete anywhere.
            return page.IsInOrder ? step : new RelayStep.More(null) { Disorder = Limit > FirstLimit ? new RelayGap(newest, count) : null };
        }

        if (newest == Oldest && count > 1 && count >= _largestCount && !hasMore)
        {
            // All at one moment, and no page had more: others may never be shown, and neither is what happened later.
            _behind = (Oldest, count);
            Oldest = Later(Oldest, s_step);
            return new RelayStep.More(null);
        }

        return new RelayStep.End(newest);
    }

    private RelayStep.More GoOnFrom(DateTimeOffset newest)
    {
        Oldest = newest;
        _steppedFar = false;
        return new RelayStep.More(newest);
    }

    private RelayStep StepPast(DateTimeOffset newest, int count)
    {
        if (newest == Oldest)
        {
            var gap = new RelayGap(newest, count);
            Oldest = Later(Oldest, s_step);
            return Oldest > newest ? new RelayStep.More(newest) { Gap = gap } : new RelayStep.End(newest);
        }

        if (_steppedFar)
        {
            return new RelayStep.Stuck("Relay returns events that are older than requested.");
        }

        _steppedFar = true;
        Oldest = Later(Oldest, s_largeStep);
        return new RelayStep.More(null);
    }

    private void LearnCap(int count, int? countOfPageThatWasCut)
    {
        if (countOfPageThatWasCut is { } cut)
        {
            _cap = cut;
        }

        if (_countBeforeDoubling is { } before)
        {
            _countBeforeDoubling = null;
            if (count <= before)
            {
                _cap = count;
            }
        }

        if (count > _cap)
        {
            _cap = null;
        }
    }

    private bool IsFull(int count) => count >= Limit || count >= _cap;

    private static DateTimeOffset Later(DateTimeOffset time, TimeSpan by) => time < DateTimeOffset.MaxValue - by ? time + by : time;

    /// <summary>A page that may be the last.</summary>
    private sealed record Ending(int Count, bool IsInOrder, HashSet<EventId> Ids);
}

/// <summary>What follows from a page.</summary>
/// <param name="ReadUpTo">All available events up to this time were in a page; null if the page says nothing about that.</param>
internal abstract record RelayStep(DateTimeOffset? ReadUpTo)
{
    /// <summary>
    /// Events before this moment may be missing, because Relay's responses are not ordered, and no larger one is available.
    /// </summary>
    public RelayGap? Disorder { get; init; }

    /// <summary>Request the next page.</summary>
    public sealed record More(DateTimeOffset? ReadUpTo) : RelayStep(ReadUpTo)
    {
        /// <summary>Events of this moment may be missing, because Relay doesn't return more of them.</summary>
        public RelayGap? Gap { get; init; }
    }

    /// <summary>There is nothing new.</summary>
    public sealed record End(DateTimeOffset? ReadUpTo) : RelayStep(ReadUpTo);

    /// <summary>The poll can't continue.</summary>
    /// <param name="Problem">Why, for people.</param>
    public sealed record Stuck(string Problem) : RelayStep((DateTimeOffset?)null);
}

/// <summary>Where events may be missing.</summary>
/// <param name="At">At this moment, or before it.</param>
/// <param name="Count">How many events Relay returned.</param>
internal sealed record RelayGap(DateTimeOffset At, int Count);
