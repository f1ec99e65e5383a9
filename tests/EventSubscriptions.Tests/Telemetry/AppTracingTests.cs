using System.Diagnostics;
using EventSubscriptions.Telemetry;

namespace EventSubscriptions.Tests.Telemetry;

public sealed class AppTracingTests
{
    private const string TraceId = "0af7651916cd43dd8448eb211c80319c";
    private const string Parent = $"00-{TraceId}-b7ad6b7169203331-01";

    [Fact]
    public void Activity_goes_on_with_the_trace_of_its_message()
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
    public void Activity_begins_a_trace_where_the_message_has_none(string? traceParent)
    {
        using var traces = TraceRecorder.Start();
        using var around = new Activity("around").Start();

        using var activity = traces.Tracing.StartFrom(traceParent, "fan out", ActivityKind.Consumer);

        Assert.NotEqual(around.TraceId, activity!.TraceId);
        Assert.Equal(default, activity.ParentSpanId);
    }

    [Fact]
    public void Invocation_that_somebody_records_is_a_link_of_what_its_messages_lead_to_and_the_parent_of_the_rest()
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
    public void Parent_of_a_request_is_its_caller_where_nobody_records_the_request()
    {
        using var traces = TraceRecorder.Start();
        using var request = new Activity("request").SetParentId(Parent).Start();

        using var publish = traces.Tracing.StartInside("publish", ActivityKind.Producer);

        Assert.Equal((TraceId, "b7ad6b7169203331"), (publish!.TraceId.ToString(), publish.ParentSpanId.ToString()));
    }

    [Fact]
    public void Nothing_is_made_where_nobody_listens()
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
