using System.Diagnostics.Metrics;

namespace EventSubscriptions.Telemetry;

/// <summary>
/// Everything that the app counts and measures, made by one <see cref="Meter"/>. A capability tells what happened; names, units and dimensions
/// are decided here.
/// </summary>
/// <remarks>
/// A dimension takes its values from a list that is known beforehand. Subscriptions, organizations, events and URLs are no dimensions: there
/// is no end of them.
/// </remarks>
public sealed class AppMetrics
{
    /// <summary>The name of the meter, and of the activity source.</summary>
    public const string SourceName = "EventSubscriptions";

    /// <summary>The counter of dead letters, by <c>queue</c> and <c>reason</c>. Alerts go by this name.</summary>
    public const string DeadLettersRecordedName = "event_subscriptions.dead_letters.recorded";

    /// <summary>Stands for any value that isn't on a dimension's list.</summary>
    public const string Other = "other";

    private readonly Counter<long> _deadLettersRecorded;

    public AppMetrics(IMeterFactory meters)
    {
        var meter = meters.Create(new MeterOptions(SourceName) { Version = AppVersion.Text });
        _deadLettersRecorded = meter.CreateCounter<long>(DeadLettersRecordedName, "{message}", "Messages that were given up and recorded.");
    }

    /// <summary>A dead letter was recorded, and not put back.</summary>
    /// <param name="queue">The queue that gave it up.</param>
    /// <param name="reason">Its dead-letter reason.</param>
    /// <param name="known">The reasons that are counted each for itself. All others are <see cref="Other"/>.</param>
    public void DeadLetterRecorded(string queue, string? reason, IReadOnlyList<string> known) =>
        _deadLettersRecorded.Add(1, new("queue", queue), new("reason", known.FirstOrDefault(one => one == reason, Other)));
}
