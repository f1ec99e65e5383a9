using EventSubscriptions.Events;

namespace EventSubscriptions.Relay;

/// <summary>
/// Decides what to ask for next, so that nothing is skipped: page after page, each from the time of the newest event of the one before, until
/// a page brings nothing more. It does no I/O and knows no clock.
/// </summary>
/// <remarks>
/// Relay answers with the oldest events from a time on, that time included, and with no more than a limit. Where a full page doesn't
/// get any further (all of it happened at one moment, or it isn't in the order of time), the limit doubles. How many events Relay really
/// answers with at most is found out: a page that is shorter than the limit counts as the last only after the next page, from its newest event
/// on, has shown nothing else. Where more events of one moment can't be had, the pager steps past that moment and says so.
/// </remarks>
internal sealed class RelayPager(DateTimeOffset oldest)
{
    /// <summary>How many events are asked for at first, which is Relay's standard.</summary>
    public const int FirstLimit = 100;

    /// <summary>One event wouldn't do: a page begins with the event that the one before ended with.</summary>
    private const int SmallestLimit = 2;

    private static readonly TimeSpan s_step = TimeSpan.FromMicroseconds(1);

    /// <summary>For a Relay that takes times by the second only.</summary>
    private static readonly TimeSpan s_largeStep = TimeSpan.FromSeconds(1);

    private int _ceiling = int.MaxValue;
    private int? _cap;
    private int? _countBeforeDoubling;
    private bool _steppedFar;
    private int _largestCount;
    private Ending? _ending;
    private (DateTimeOffset At, int Count)? _behind;

    /// <summary>From when on to ask for events.</summary>
    public DateTimeOffset Oldest { get; private set; } = oldest;

    /// <summary>How many events to ask for.</summary>
    public int Limit { get; private set; } = FirstLimit;

    /// <summary>Asks for fewer events at once, since so many could not be had. False where there is no less.</summary>
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

    /// <summary>Takes note of the answer to what was asked.</summary>
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

            // More follows, so the page that seemed the last was cut: once more from there.
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
            return IsFull(count) ? new RelayStep.Stuck("None of the events in Relay's answer says when it happened.") : new RelayStep.End(null);
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

            // In no order, a page of a larger limit that is short may have been cut anywhere.
            return page.IsInOrder ? step : new RelayStep.More(null) { Disorder = Limit > FirstLimit ? new RelayGap(newest, count) : null };
        }

        if (newest == Oldest && count > 1 && count >= _largestCount && !hasMore)
        {
            // All of one moment, and no page had more: there may be others that are never shown. Then what happened later isn't shown either.
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
            return new RelayStep.Stuck("Relay answers with events that are older than those asked for.");
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
/// <param name="ReadUpTo">Every event up to this time, as far as it can be had, has been in a page; null where the page says nothing about that.</param>
internal abstract record RelayStep(DateTimeOffset? ReadUpTo)
{
    /// <summary>Events before this moment may be missing, since Relay answers neither in the order of time nor, for all that is known, with more of them.</summary>
    public RelayGap? Disorder { get; init; }

    /// <summary>Ask again.</summary>
    public sealed record More(DateTimeOffset? ReadUpTo) : RelayStep(ReadUpTo)
    {
        /// <summary>Events of this moment may be missing, since Relay doesn't answer with more of them.</summary>
        public RelayGap? Gap { get; init; }
    }

    /// <summary>There is nothing more now.</summary>
    public sealed record End(DateTimeOffset? ReadUpTo) : RelayStep(ReadUpTo);

    /// <summary>There is no way on.</summary>
    /// <param name="Problem">Why, for people.</param>
    public sealed record Stuck(string Problem) : RelayStep((DateTimeOffset?)null);
}

/// <summary>Where events may be missing.</summary>
/// <param name="At">Of this moment, or before it.</param>
/// <param name="Count">How many events Relay answered with.</param>
internal sealed record RelayGap(DateTimeOffset At, int Count);
