using System.Diagnostics;
using EventSubscriptions.Telemetry;

namespace EventSubscriptions.Tests.Telemetry;

/// <summary>The activities of one test, as they end.</summary>
internal sealed class TraceRecorder : IDisposable
{
    private readonly ActivityListener _listener;
    private readonly List<Activity> _ended = [];

    private TraceRecorder()
    {
        _listener = new ActivityListener
        {
            ShouldListenTo = source => ReferenceEquals(source, Tracing.Source),
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = activity =>
            {
                lock (_ended)
                {
                    _ended.Add(activity);
                }
            },
        };
        ActivitySource.AddActivityListener(_listener);
    }

    public AppTracing Tracing { get; } = new();

    public IReadOnlyList<Activity> Ended
    {
        get
        {
            lock (_ended)
            {
                return [.. _ended];
            }
        }
    }

    public static TraceRecorder Start() => new();

    public void Dispose()
    {
        _listener.Dispose();
        Tracing.Dispose();
    }
}
