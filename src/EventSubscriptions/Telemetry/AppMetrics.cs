using System.Diagnostics.Metrics;

namespace EventSubscriptions.Telemetry;

/// <summary>
/// Everything that the app counts and measures, made by one <see cref="Meter"/>. A capability tells what happened; names, units and dimensions
/// are decided here.
/// </summary>
/// <remarks>
/// A dimension takes its values from a list that is known beforehand. Subscriptions, organizations, events and URLs are no dimensions: there
/// is no end of them. What each instrument is good for is said in docs/operating.md.
/// </remarks>
public sealed class AppMetrics
{
    /// <summary>The name of the meter, and of the activity source.</summary>
    public const string SourceName = "EventSubscriptions";

    /// <summary>The counter of dead letters, by <c>queue</c> and <c>reason</c>. Alerts go by this name.</summary>
    public const string DeadLettersRecordedName = "event_subscriptions.dead_letters.recorded";

    /// <summary>The counter of events that were read from Relay, by <c>subscriber</c>.</summary>
    public const string RelayEventsReadName = "event_subscriptions.relay.events_read";

    /// <summary>How far the polls of Relay are behind, by <c>subscriber</c>.</summary>
    public const string RelayLagName = "event_subscriptions.relay.lag";

    /// <summary>Stands for any value that isn't on a dimension's list.</summary>
    public const string Other = "other";

    /// <summary>A message is postponed because its receiver is throttled or unreachable.</summary>
    public const string Throttled = "throttled";

    /// <summary>A message is postponed because storage or Service Bus is unavailable.</summary>
    public const string TransientFault = "transient_fault";

    // Seconds. Each list reaches from what is normal to the longest that can be: a deadline, or the end of the retry schedule.
    private static readonly InstrumentAdvice<double> s_attemptBuckets =
        new() { HistogramBucketBoundaries = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15, 30] };

    private static readonly InstrumentAdvice<double> s_waitBuckets =
        new() { HistogramBucketBoundaries = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 15, 60, 300, 1_800, 7_200, 43_200, 86_400, 259_200] };

    private readonly Counter<long> _eventsPublished;
    private readonly Counter<long> _deliveriesCreated;
    private readonly Counter<long> _attempts;
    private readonly Histogram<double> _attemptDuration;
    private readonly Histogram<double> _latency;
    private readonly Histogram<double> _queueWait;
    private readonly Counter<long> _messagesPostponed;
    private readonly Counter<long> _replays;
    private readonly Counter<long> _deadLettersRecorded;
    private readonly Counter<long> _relayEventsRead;
    private readonly Gauge<double> _relayLag;
    private Func<int> _openBreakers = static () => 0;

    public AppMetrics(IMeterFactory meters)
    {
        var meter = meters.Create(new MeterOptions(SourceName) { Version = AppVersion.Text });
        _eventsPublished = meter.CreateCounter<long>("event_subscriptions.events.published", "{event}", "New events, as they are archived.");
        _deliveriesCreated = meter.CreateCounter<long>("event_subscriptions.deliveries.created", "{delivery}", "Deliveries put on their queue for the first time.");
        _attempts = meter.CreateCounter<long>("event_subscriptions.attempts", "{attempt}", "Attempts at deliveries.");
        _attemptDuration = meter.CreateHistogram(
            "event_subscriptions.attempt.duration", "s", "From name resolution to the end of the receiver's answer.", advice: s_attemptBuckets);
        _latency = meter.CreateHistogram(
            "event_subscriptions.delivery.latency", "s", "From the event's arrival on its queue to the first successful attempt of a delivery.", advice: s_waitBuckets);
        _queueWait = meter.CreateHistogram(
            "event_subscriptions.queue.wait", "s", "From when a message could be taken from its queue to when it was.", advice: s_waitBuckets);
        _messagesPostponed = meter.CreateCounter<long>("event_subscriptions.messages.postponed", "{message}", "Messages rescheduled without an attempt.");
        _replays = meter.CreateCounter<long>("event_subscriptions.replays", "{replay}", "Replays that started or ended.");
        _deadLettersRecorded = meter.CreateCounter<long>(DeadLettersRecordedName, "{message}", "Messages that were given up and recorded.");
        _relayEventsRead = meter.CreateCounter<long>(RelayEventsReadName, "{event}", "Events that were read from Relay and put on the queue.");
        _relayLag = meter.CreateGauge<double>(RelayLagName, "s", "How long ago the moment is up to which all events of Relay were read.");
        meter.CreateObservableUpDownCounter(
            "event_subscriptions.breakers.open", () => _openBreakers(), "{breaker}", "Receivers that this instance can't reach and sends nothing but probes.");
    }

    /// <summary>An event that is new was archived.</summary>
    /// <param name="source">Which way it came: one of a short list.</param>
    public void EventPublished(string source) => _eventsPublished.Add(1, new KeyValuePair<string, object?>("source", source));

    /// <summary>Deliveries were put on their queue; later attempts of the same delivery don't count.</summary>
    /// <param name="cause">Why: <c>event</c>, <c>resend</c> or <c>replay</c>.</param>
    /// <param name="count">How many.</param>
    public void DeliveriesCreated(string cause, int count)
    {
        if (count > 0)
        {
            _deliveriesCreated.Add(count, new KeyValuePair<string, object?>("cause", cause));
        }
    }

    /// <summary>An attempt was made, or skipped.</summary>
    /// <param name="outcome">What became of it: one of a short list.</param>
    /// <param name="errorKind">What went wrong, one of a short list, or null.</param>
    /// <param name="duration">How long it took; null where nothing was sent.</param>
    public void Attempted(string outcome, string? errorKind, TimeSpan? duration)
    {
        KeyValuePair<string, object?> how = new("outcome", outcome);
        if (errorKind is null)
        {
            _attempts.Add(1, how);
        }
        else
        {
            _attempts.Add(1, how, new("error.type", errorKind));
        }

        if (duration is { } took)
        {
            _attemptDuration.Record(took.TotalSeconds, how);
        }
    }

    /// <summary>An event has reached one of its receivers.</summary>
    public void Delivered(TimeSpan sincePublished) => _latency.Record(NotNegative(sincePublished));

    /// <summary>A message was received from its queue for the first time.</summary>
    public void MessageReceived(string queue, TimeSpan wait) => _queueWait.Record(NotNegative(wait), new KeyValuePair<string, object?>("queue", queue));

    /// <summary>A message was postponed.</summary>
    /// <param name="queue">Its queue.</param>
    /// <param name="reason"><see cref="Throttled"/> or <see cref="TransientFault"/>.</param>
    public void MessagePostponed(string queue, string reason) => _messagesPostponed.Add(1, new("queue", queue), new("reason", reason));

    /// <summary>A replay has come to a state: <c>started</c>, or one of those in which it has ended.</summary>
    public void ReplayReached(string state) => _replays.Add(1, new KeyValuePair<string, object?>("state", state));

    /// <summary>A dead letter was recorded, and not put back.</summary>
    /// <param name="queue">The queue that gave it up.</param>
    /// <param name="reason">Its dead-letter reason, or null for that of another application, which counts as <see cref="Other"/>.</param>
    public void DeadLetterRecorded(string queue, string? reason) =>
        _deadLettersRecorded.Add(1, new("queue", queue), new("reason", reason ?? Other));

    /// <summary>Events of Relay were put on the queue.</summary>
    /// <param name="subscriber">Whose they are. The settings list the subscribers.</param>
    /// <param name="count">How many.</param>
    public void RelayEventsRead(string subscriber, int count) => _relayEventsRead.Add(count, new KeyValuePair<string, object?>("subscriber", subscriber));

    /// <summary>A poll of Relay has ended, well or not.</summary>
    /// <param name="subscriber">Whose events were asked for.</param>
    /// <param name="lag">How long ago the moment is up to which all of them were read.</param>
    public void RelayPolled(string subscriber, TimeSpan lag) => _relayLag.Record(lag.TotalSeconds, new KeyValuePair<string, object?>("subscriber", subscriber));

    /// <summary>Says how to count the breakers that are open. Asked whenever somebody reads the metrics.</summary>
    public void ObserveOpenBreakers(Func<int> count) => _openBreakers = count;

    // Clocks of different machines differ.
    private static double NotNegative(TimeSpan time) => Math.Max(time.TotalSeconds, 0);
}
