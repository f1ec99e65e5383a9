using System.Diagnostics;

namespace EventSubscriptions.Telemetry;

/// <summary>
/// The app's activities: publish, fan out and attempt, linked across the queues by the message property <c>traceparent</c>. Without a
/// listener all methods return null at almost no cost, and the trace context is passed on unchanged.
/// </summary>
/// <remarks>
/// The Service Bus client doesn't touch messages that already have the property, so ours counts in Azure too. An activity of the Functions
/// host or ASP.NET Core around an invocation becomes the parent of a publish, and a link of the others, if it is recorded.
/// </remarks>
public sealed class AppTracing : IDisposable
{
    /// <summary>W3C Trace Context, as a property of messages and a header of requests.</summary>
    public const string TraceParent = "traceparent";

    private readonly ActivitySource _source = new(AppMetrics.SourceName, AppVersion.Text);

    /// <summary>The source, so that a test can listen to its own.</summary>
    internal ActivitySource Source => _source;

    /// <summary>Starts an activity inside the current one. It is current until it is disposed.</summary>
    public Activity? StartInside(string name, ActivityKind kind)
    {
        if (!_source.HasListeners())
        {
            return null;
        }

        var (recorded, parent) = Around(Activity.Current);
        return Start(name, kind, recorded ?? parent, link: null);
    }

    /// <summary>Starts an activity that continues the trace of a message, or a new trace. It is current until it is disposed.</summary>
    public Activity? StartFrom(string? traceParent, string name, ActivityKind kind)
    {
        if (!_source.HasListeners())
        {
            return null;
        }

        var parent = Remote(traceParent, traceState: null);
        var link = Around(Activity.Current).Recorded;
        return Start(name, kind, parent, link is { } invocation && invocation.TraceId != parent.TraceId ? link : null);
    }

    /// <summary>The current trace context, to pass on; null if there is none.</summary>
    public static string? CurrentTraceParent => Activity.Current is { IdFormat: ActivityIdFormat.W3C, Id: { } id } ? id : null;

    /// <inheritdoc/>
    public void Dispose() => _source.Dispose();

    private Activity? Start(string name, ActivityKind kind, ActivityContext parent, ActivityContext? link)
    {
        var around = Activity.Current;
        if (parent == default)
        {
            // That includes the current activity, which may not be recorded.
            Activity.Current = null;
        }

        var activity = _source.StartActivity(name, kind, parent, links: link is { } context ? [new ActivityLink(context)] : null);
        if (activity is null)
        {
            Activity.Current = around;
        }

        return activity;
    }

    /// <summary>Default if it is not valid.</summary>
    private static ActivityContext Remote(string? traceParent, string? traceState) =>
        ActivityContext.TryParse(traceParent, traceState, isRemote: true, out var context) ? context : default;

    /// <summary>The innermost recorded activity, or else the parent of the outermost.</summary>
    private static (ActivityContext? Recorded, ActivityContext Parent) Around(Activity? current)
    {
        var parent = default(ActivityContext);
        for (; current is not null; current = current.Parent)
        {
            if (current.Source.HasListeners())
            {
                return (current.Context, default);
            }

            if (current.Parent is null)
            {
                parent = Remote(current.ParentId, current.TraceStateString);
            }
        }

        return (null, parent);
    }
}
