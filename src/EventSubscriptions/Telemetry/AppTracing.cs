using System.Diagnostics;

namespace EventSubscriptions.Telemetry;

/// <summary>
/// The app's activities: publish, fan out and attempt, which messages link across the queues by the property <c>traceparent</c>. All methods
/// return null, and cost next to nothing, where nobody listens; the trace context then goes through unchanged.
/// </summary>
/// <remarks>
/// The Service Bus client leaves a message alone that has the property already, so that ours is the one that counts in Azure too. What the
/// Functions host or ASP.NET Core has made around an invocation becomes the parent of a publish, and a link of the others, if anybody records it.
/// </remarks>
public sealed class AppTracing : IDisposable
{
    /// <summary>W3C Trace Context, as a property of messages and a header of requests.</summary>
    public const string TraceParent = "traceparent";

    private readonly ActivitySource _source = new(AppMetrics.SourceName, AppVersion.Text);

    /// <summary>The source, so that a test can listen to its own.</summary>
    internal ActivitySource Source => _source;

    /// <summary>Starts an activity inside the one that goes on here. It is the current one until it is disposed.</summary>
    public Activity? StartInside(string name, ActivityKind kind)
    {
        if (!_source.HasListeners())
        {
            return null;
        }

        var (recorded, parent) = Around(Activity.Current);
        return Start(name, kind, recorded ?? parent, link: null);
    }

    /// <summary>Starts an activity that goes on with the trace of a message, or begins a trace. It is the current one until it is disposed.</summary>
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

    /// <summary>The trace context of what goes on here, for what it leads to; null where there is none.</summary>
    public static string? CurrentTraceParent => Activity.Current is { IdFormat: ActivityIdFormat.W3C, Id: { } id } ? id : null;

    /// <inheritdoc/>
    public void Dispose() => _source.Dispose();

    private Activity? Start(string name, ActivityKind kind, ActivityContext parent, ActivityContext? link)
    {
        var around = Activity.Current;
        if (parent == default)
        {
            // That means the current activity as well, which may be one that nobody records.
            Activity.Current = null;
        }

        var activity = _source.StartActivity(name, kind, parent, links: link is { } context ? [new ActivityLink(context)] : null);
        if (activity is null)
        {
            Activity.Current = around;
        }

        return activity;
    }

    /// <summary>Default where it is none.</summary>
    private static ActivityContext Remote(string? traceParent, string? traceState) =>
        ActivityContext.TryParse(traceParent, traceState, isRemote: true, out var context) ? context : default;

    /// <summary>The innermost activity that somebody records; and where there is none, what the outermost came from.</summary>
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
