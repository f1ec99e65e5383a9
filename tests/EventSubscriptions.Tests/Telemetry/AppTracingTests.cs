using System.Diagnostics;
using EventSubscriptions.Telemetry;

namespace EventSubscriptions.Tests.Telemetry;

public sealed class AppTracingTests
{
    private const string TraceId = "0af7651916cd43dd8448eb211c80319c";
    private const string Parent = $"00-{TraceId}-b7ad6b7169203331-01";

    [Fact]
    public void Activity_continues_the_trace_of_its_message()
    {
        using var traces = TraceRecorder.Start();

        using var activity = traces.Tracing.StartFrom(Parent, "attempt", ActivityKind.Client);

        Assert.Equal((TraceId, "b7ad6b7169203331"), (activity!.TraceId.ToString(), activity.ParentSpanId.ToString()));
        Assert.Empty(activity.Links);
        Assert.Same(activity, Activity.Current);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("no trace context")]
    public void Activity_starts_a_trace_when_the_message_has_none(string? traceParent)
    {
        using var traces = TraceRecorder.Start();
        using var around = new Activity("around").Start();

        using var activity = traces.Tracing.StartFrom(traceParent, "fan out", ActivityKind.Consumer);

        Assert.NotEqual(around.TraceId, activity!.TraceId);
        Assert.Equal(default, activity.ParentSpanId);
    }

    [Fact]
    public void Recorded_invocation_is_linked_to_activities_of_messages_and_parent_of_the_others()
    {
        using var host = TraceRecorder.Start();
        using var traces = TraceRecorder.Start();
        using var invocation = host.Tracing.Source.StartActivity("invoke")!;
        using (var activity = traces.Tracing.StartFrom(Parent, "attempt", ActivityKind.Client))
        {
            Assert.Equal(invocation.Context, Assert.Single(activity!.Links).Context);
        }

        Assert.Same(invocation, Activity.Current);
        using var publish = traces.Tracing.StartInside("publish", ActivityKind.Producer);
        Assert.Equal((invocation.TraceId, invocation.SpanId), (publish!.TraceId, publish.ParentSpanId));
        Assert.Empty(publish.Links);
    }

    [Fact]
    public void Parent_of_a_request_is_its_caller_when_the_request_is_not_recorded()
    {
        using var traces = TraceRecorder.Start();
        using var request = new Activity("request").SetParentId(Parent).Start();

        using var publish = traces.Tracing.StartInside("publish", ActivityKind.Producer);

        Assert.Equal((TraceId, "b7ad6b7169203331"), (publish!.TraceId.ToString(), publish.ParentSpanId.ToString()));
    }

    [Fact]
    public void No_activity_is_created_without_a_listener()
    {
        using var tracing = new AppTracing();
        using var around = new Activity("around").Start();
        tracing.StartFrom(Parent, "attempt", ActivityKind.Client);
        tracing.StartInside("publish", ActivityKind.Producer);
        var before = GC.GetAllocatedBytesForCurrentThread();

        Assert.Null(tracing.StartInside("publish", ActivityKind.Producer));
        Assert.Null(tracing.StartFrom(Parent, "attempt", ActivityKind.Client));

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.Same(around, Activity.Current);
    }
}
