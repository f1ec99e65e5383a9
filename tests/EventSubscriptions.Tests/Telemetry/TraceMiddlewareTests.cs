using System.Diagnostics;
using EventSubscriptions.Telemetry;
using Microsoft.Azure.Functions.Worker;

namespace EventSubscriptions.Tests.Telemetry;

public sealed class TraceMiddlewareTests
{
    private const string Parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    private readonly TraceMiddleware _middleware = new();

    [Fact]
    public async Task Function_continues_the_trace_of_its_invocation()
    {
        using var traces = TraceRecorder.Start();

        await RunAsync(
            Parent,
            () =>
            {
                Assert.Equal("congo=t61rcWkgMzE", Activity.Current!.TraceStateString);
                traces.Tracing.StartInside("publish", ActivityKind.Producer)!.Dispose();
            }
        );

        var publish = Assert.Single(traces.Ended);
        Assert.Equal(
            ("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"),
            (publish.TraceId.ToString(), publish.ParentSpanId.ToString())
        );
        Assert.Null(Activity.Current);
    }

    [Fact]
    public async Task Trace_context_is_passed_on_without_a_listener()
    {
        string? sent = null;

        await RunAsync(Parent, () => sent = AppTracing.CurrentTraceParent);

        Assert.StartsWith("00-0af7651916cd43dd8448eb211c80319c-", sent, StringComparison.Ordinal);
        Assert.NotEqual(Parent, sent);
    }

    [Fact]
    public async Task Activity_of_the_worker_stays_current()
    {
        using var worker = new Activity("worker").Start();

        await RunAsync(Parent, () => Assert.Same(worker, Activity.Current));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    public Task Invocation_without_a_trace_has_no_activity(string? parent) => RunAsync(parent, () => Assert.Null(Activity.Current));

    private async Task RunAsync(string? parent, Action function)
    {
        var context = new TestFunctionContext { Trace = new Trace(parent) };
        var ran = false;
        await _middleware.Invoke(
            context,
            received =>
            {
                Assert.Same(context, received);
                function();
                ran = true;
                return Task.CompletedTask;
            }
        );
        Assert.True(ran);
    }

    private sealed class Trace(string? parent) : TraceContext
    {
        public override string TraceParent => parent!;

        public override string TraceState => "congo=t61rcWkgMzE";

        public override IReadOnlyDictionary<string, string> Attributes => throw new NotSupportedException();

        public override IReadOnlyDictionary<string, string> Baggage => throw new NotSupportedException();
    }
}
