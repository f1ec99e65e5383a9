using Microsoft.Extensions.DependencyInjection;

namespace EventSubscriptions.Tests.Deliveries;

public sealed class DeliverFunctionTelemetryTests : DeliverFunctionTestBase
{
    [Fact]
    public async Task Attempt_is_measured_with_its_latency_when_it_succeeds()
    {
        var published = TimeProvider.System.GetUtcNow() - TimeSpan.FromHours(1);

        await RunAsync(Delivery() with { PublishedAt = published });

        Assert.Equal(["1 outcome=delivered"], _metrics.Of("event_subscriptions.attempts"));
        Assert.EndsWith(" outcome=delivered", Assert.Single(_metrics.Of("event_subscriptions.attempt.duration")), StringComparison.Ordinal);
        var latency = Assert.Single(_metrics.All, measurement => measurement.Instrument.Name == "event_subscriptions.delivery.latency");
        Assert.InRange(latency.Value, 3_600, 3_700);
    }

    [Fact]
    public async Task Attempt_is_counted_by_its_error_and_passes_its_trace_on_when_it_fails()
    {
        _response = Failing;
        var fanOut = $"00-{new string('a', 32)}-{new string('1', 16)}-01";

        await RunAsync(Delivery() with { TraceParent = fanOut, PublishedAt = TimeProvider.System.GetUtcNow() });

        Assert.Equal(["1 outcome=failed error.type=status"], _metrics.Of("event_subscriptions.attempts"));
        Assert.Empty(_metrics.Of("event_subscriptions.delivery.latency"));
        var attempt = Assert.Single(_traces.Ended);
        Assert.Equal((fanOut[3..35], fanOut[36..52]), (attempt.TraceId.ToString(), attempt.ParentSpanId.ToString()));
        Assert.Equal(attempt.Id, Header(Assert.Single(_receiver.Requests).Head, "traceparent"));
        Assert.Equal(fanOut, Parse(Assert.Single(_queue.Scheduled).Message).TraceParent);
        Assert.Equal(
            [
                ("error.type", "status"),
                ("event_subscriptions.attempt", 1),
                ("event_subscriptions.event.id", "evt_1"),
                ("event_subscriptions.organization.id", _organization.Value),
                ("event_subscriptions.outcome", "failed"),
                ("event_subscriptions.run", "event"),
                ("event_subscriptions.subscription.id", _subscription.Id.ToString()),
                ("http.response.status_code", 500),
            ],
            attempt.TagObjects.Select(tag => (tag.Key, tag.Value)).OrderBy(tag => tag.Key, StringComparer.Ordinal)
        );
    }

    [Fact]
    public async Task Postponed_and_skipped_deliveries_are_counted()
    {
        _steps.Fail(ReadHealth, times: 1);
        await RunAsync(Delivery());
        Assert.Equal(["1 queue=deliveries reason=transient_fault"], _metrics.Of("event_subscriptions.messages.postponed"));

        _subscription = _subscription with { Id = SubscriptionId.New(_clock), IsActive = false };
        await RunAsync(Delivery());
        Assert.Equal(["1 outcome=skipped"], _metrics.Of("event_subscriptions.attempts"));
    }

    private static string Header(string head, string name) =>
        Assert.Single(head.Split("\r\n"), line => line.StartsWith(name + ": ", StringComparison.OrdinalIgnoreCase))[(name.Length + 2)..];
}
