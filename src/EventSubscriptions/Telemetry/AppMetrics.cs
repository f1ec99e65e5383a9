using System.Diagnostics.Metrics;

namespace EventSubscriptions.Telemetry;

/// <summary>
/// All metrics of the app, created by one <see cref="Meter"/>. Capabilities report what happened; names, units and dimensions are decided
/// here.
/// </summary>
/// <remarks>
/// Dimensions have a fixed set of values. Subscriptions, organizations, events and URLs are not dimensions, because their number is
/// unbounded. docs/operating.md says what each instrument is for.
/// </remarks>
public sealed class AppMetrics
{
    /// <summary>The name of the meter, and of the activity source.</summary>
    public const string SourceName = "EventSubscriptions";

    /// <summary>The counter of dead letters, by <c>queue</c> and <c>reason</c>. Alerts use this name.</summary>
    public const string DeadLettersRecordedName = "event_subscriptions.dead_letters.recorded";

    /// <summary>The counter of events read from Relay, by <c>subscriber</c>.</summary>
    public const string RelayEventsReadName = "event_subscriptions.relay.events_read";

    /// <summary>The lag of the Relay polls, by <c>subscriber</c>.</summary>
    public const string RelayLagName = "event_subscriptions.relay.lag";

    /// <summary>Replaces any value that a dimension doesn't have.</summary>
    public const string Other = "other";

    /// <summary>A message is postponed because its receiver is throttled or unreachable.</summary>
    public const string Throttled = "throttled";

    /// <summary>A message is postponed because storage or Service Bus is unavailable.</summary>
    public const string TransientFault = "transient_fault";

    // Seconds. Each list reaches from the normal to the longest possible: a deadline, or the end of the retry schedule.
    private static readonly InstrumentAdvice<double> s_attemptBuckets = new()
    {
        HistogramBucketBoundaries = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15, 30],
    };

    private static readonly InstrumentAdvice<double> s_waitBuckets = new()
    {
        HistogramBucketBoundaries = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 15, 60, 300, 1_800, 7_200, 43_200, 86_400, 259_200],
    };

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
        _eventsPublished = meter.CreateCounter<long>(
            "event_subscriptions.events.published",
            "{event}",
            "New events, as they are archived."
        );
        _deliveriesCreated = meter.CreateCounter<long>(
            "event_subscriptions.deliveries.created",
            "{delivery}",
            "Deliveries queued for the first time."
        );
        _attempts = meter.CreateCounter<long>("event_subscriptions.attempts", "{attempt}", "Attempts at deliveries.");
        _attemptDuration = meter.CreateHistogram(
            "event_subscriptions.attempt.duration",
            "s",
            "From name resolution to the end of the response.",
            advice: s_attemptBuckets
        );
        _latency = meter.CreateHistogram(
            "event_subscriptions.delivery.latency",
            "s",
            "From the event's arrival on its queue to the first successful attempt of a delivery.",
            advice: s_waitBuckets
        );
        _queueWait = meter.CreateHistogram(
            "event_subscriptions.queue.wait",
            "s",
            "From when a message was available to when it was received.",
            advice: s_waitBuckets
        );
        _messagesPostponed = meter.CreateCounter<long>(
            "event_subscriptions.messages.postponed",
            "{message}",
            "Messages rescheduled without an attempt."
        );
        _replays = meter.CreateCounter<long>("event_subscriptions.replays", "{replay}", "Replays that started or ended.");
        _deadLettersRecorded = meter.CreateCounter<long>(DeadLettersRecordedName, "{message}", "Dead letters that were recorded.");
        _relayEventsRead = meter.CreateCounter<long>(RelayEventsReadName, "{event}", "Events read from Relay and queued.");
        _relayLag = meter.CreateGauge<double>(RelayLagName, "s", "The age of the latest moment up to which all Relay events were read.");
        meter.CreateObservableUpDownCounter(
            "event_subscriptions.breakers.open",
            () => _openBreakers(),
            "{breaker}",
            "Open circuit breakers of this instance."
        );
    }

    /// <summary>A new event was archived.</summary>
    /// <param name="source">How it was published: one of a short list.</param>
    public void EventPublished(string source) => _eventsPublished.Add(1, new KeyValuePair<string, object?>("source", source));

    /// <summary>Deliveries were queued. Later attempts of a delivery don't count.</summary>
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
    /// <param name="outcome">One of a short list.</param>
    /// <param name="errorKind">Why it failed, one of a short list, or null.</param>
    /// <param name="duration">How long it took; null if nothing was sent.</param>
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

    /// <summary>An event was delivered to one of its receivers.</summary>
    public void Delivered(TimeSpan sincePublished) => _latency.Record(NotNegative(sincePublished));

    /// <summary>A message was received from its queue for the first time.</summary>
    public void MessageReceived(string queue, TimeSpan wait) =>
        _queueWait.Record(NotNegative(wait), new KeyValuePair<string, object?>("queue", queue));

    /// <summary>A message was postponed.</summary>
    /// <param name="queue">Its queue.</param>
    /// <param name="reason"><see cref="Throttled"/> or <see cref="TransientFault"/>.</param>
    public void MessagePostponed(string queue, string reason) => _messagesPostponed.Add(1, new("queue", queue), new("reason", reason));

    /// <summary>A replay started or ended.</summary>
    public void ReplayReached(string state) => _replays.Add(1, new KeyValuePair<string, object?>("state", state));

    /// <summary>A dead letter was recorded, not requeued.</summary>
    /// <param name="queue">The queue that it was on.</param>
    /// <param name="reason">Its dead-letter reason, or null for that of another application, which counts as <see cref="Other"/>.</param>
    public void DeadLetterRecorded(string queue, string? reason) =>
        _deadLettersRecorded.Add(1, new("queue", queue), new("reason", reason ?? Other));

    /// <summary>Events of Relay were queued.</summary>
    /// <param name="subscriber">One of the subscribers in the settings.</param>
    /// <param name="count">How many.</param>
    public void RelayEventsRead(string subscriber, int count) =>
        _relayEventsRead.Add(count, new KeyValuePair<string, object?>("subscriber", subscriber));

    /// <summary>A poll of Relay ended, successfully or not.</summary>
    /// <param name="lag">How long ago everything up to then was read.</param>
    public void RelayPolled(string subscriber, TimeSpan lag) =>
        _relayLag.Record(lag.TotalSeconds, new KeyValuePair<string, object?>("subscriber", subscriber));

    /// <summary>Sets how to count open circuit breakers. Called whenever metrics are collected.</summary>
    public void ObserveOpenBreakers(Func<int> count) => _openBreakers = count;

    // Clocks of different machines differ.
    private static double NotNegative(TimeSpan time) => Math.Max(time.TotalSeconds, 0);
}
