using System.Diagnostics.Metrics;
using EventSubscriptions.Telemetry;
using Microsoft.Extensions.DependencyInjection;

namespace EventSubscriptions.Tests.Telemetry;

/// <summary>The metrics of one test, and all that they are told.</summary>
internal sealed class MetricsRecorder : IDisposable
{
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly MeterListener _listener = new();
    private readonly List<Measurement> _measurements = [];
    private readonly List<Instrument> _instruments = [];

    private MetricsRecorder()
    {
        var factory = _services.GetRequiredService<IMeterFactory>();
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (ReferenceEquals(instrument.Meter.Scope, factory))
            {
                _instruments.Add(instrument);
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Add(instrument, value, tags));
        _listener.SetMeasurementEventCallback<int>((instrument, value, tags, _) => Add(instrument, value, tags));
        _listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Add(instrument, value, tags));
        _listener.Start();
        Metrics = new AppMetrics(factory);
    }

    public AppMetrics Metrics { get; }

    public IReadOnlyList<Instrument> Instruments => _instruments;

    public static MetricsRecorder Start() => new();

    /// <summary>What was told so far, and what is observed now.</summary>
    public IReadOnlyList<Measurement> All
    {
        get
        {
            _listener.RecordObservableInstruments();
            lock (_measurements)
            {
                return [.. _measurements];
            }
        }
    }

    /// <summary>What one instrument was told, as <c>value key=value …</c>.</summary>
    public IReadOnlyList<string> Of(string instrument) =>
        [.. All.Where(measurement => measurement.Instrument.Name == instrument).Select(measurement => measurement.ToString())];

    public void Dispose()
    {
        _listener.Dispose();
        _services.Dispose();
    }

    private void Add(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        lock (_measurements)
        {
            _measurements.Add(new Measurement(instrument, value, tags.ToArray()));
        }
    }

    public sealed record Measurement(Instrument Instrument, double Value, IReadOnlyList<KeyValuePair<string, object?>> Tags)
    {
        public override string ToString() =>
            string.Join(' ', [FormattableString.Invariant($"{Value}"), .. Tags.Select(tag => $"{tag.Key}={tag.Value}")]);
    }
}
