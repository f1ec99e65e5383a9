using System.Diagnostics.Metrics;
using System.Text.RegularExpressions;

namespace EventSubscriptions.Tests.Telemetry;

public sealed partial class AppMetricsTests
{
    [Fact]
    public void Every_instrument_has_a_unit_a_description_and_a_name_of_the_app()
    {
        using var recorder = MetricsRecorder.Start();

        Assert.NotEmpty(recorder.Instruments);
        Assert.All(
            recorder.Instruments,
            instrument =>
            {
                Assert.Equal("EventSubscriptions", instrument.Meter.Name);
                Assert.Matches(Name(), instrument.Name);
                Assert.Matches(Unit(), instrument.Unit);
                Assert.EndsWith(".", instrument.Description, StringComparison.Ordinal);
            }
        );
    }

    [Fact]
    public void Time_is_never_negative_when_clocks_differ()
    {
        using var recorder = MetricsRecorder.Start();

        recorder.Metrics.MessageReceived("events", TimeSpan.FromSeconds(-2));
        recorder.Metrics.Delivered(TimeSpan.FromSeconds(-2));

        Assert.All(
            recorder.All.Where(measurement => measurement.Instrument is Histogram<double>),
            measurement => Assert.Equal(0, measurement.Value)
        );
    }

    [Fact]
    public void Open_breakers_are_counted_when_they_are_observed()
    {
        using var recorder = MetricsRecorder.Start();
        var open = 3;

        recorder.Metrics.ObserveOpenBreakers(() => open);
        Assert.Equal(["3"], recorder.Of("event_subscriptions.breakers.open"));
        open = 1;
        Assert.Equal("1", recorder.Of("event_subscriptions.breakers.open")[^1]);
    }

    [GeneratedRegex(@"^event_subscriptions(\.[a-z]+(_[a-z]+)*)+$", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Name();

    [GeneratedRegex(@"^(s|\{[a-z]+\})$", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Unit();
}
