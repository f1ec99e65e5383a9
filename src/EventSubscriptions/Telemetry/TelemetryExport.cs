using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OpenTelemetry;
using OpenTelemetry.Logs;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace EventSubscriptions.Telemetry;

/// <summary>
/// Exports metrics, traces and logs to the configured destinations while the app runs. Without one nothing listens, and telemetry costs
/// nothing.
/// </summary>
/// <remarks>
/// <c>OTEL_EXPORTER_OTLP_ENDPOINT</c> turns on OTLP; the other standard variables of the OpenTelemetry SDK and its OTLP exporter are
/// honoured. A host adds others as <see cref="ITelemetryDestination"/>.
/// </remarks>
internal sealed class TelemetryExport(IEnumerable<ITelemetryDestination> destinations, IConfiguration settings, ILoggerFactory loggers)
    : IHostedService,
        IDisposable
{
    private const string ServiceName = "event-subscriptions";

    // Losing the last measurements is better than being killed during shutdown.
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(3);

    private OpenTelemetrySdk? _sdk;

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        var isOn = false;
        var sdk = OpenTelemetrySdk.Create(telemetry =>
        {
            telemetry.Services.AddSingleton(settings);
            telemetry.ConfigureResource(resource =>
                resource.Clear().AddService(ServiceName, serviceVersion: AppVersion.Text).AddTelemetrySdk().AddEnvironmentVariableDetector()
            );
            foreach (var destination in destinations)
            {
                isOn |= destination.TryAddTo(telemetry);
            }

            if (isOn)
            {
                telemetry
                    .WithMetrics(metrics => metrics.AddMeter(AppMetrics.SourceName))
                    .WithTracing(tracing => tracing.AddSource(AppMetrics.SourceName));
            }
        });
        if (!isOn)
        {
            sdk.Dispose();
            return Task.CompletedTask;
        }

        _sdk = sdk;
        loggers.AddProvider(new ExportedLogs(sdk.GetLoggerFactory()));
        return Task.CompletedTask;
    }

    /// <summary>Exports the rest, unless that takes too long.</summary>
    public Task StopAsync(CancellationToken cancellationToken) =>
        _sdk is not { } sdk
            ? Task.CompletedTask
            : Task.WhenAll(
                    Task.Run(() => sdk.TracerProvider.Shutdown((int)s_patience.TotalMilliseconds), CancellationToken.None),
                    Task.Run(() => sdk.MeterProvider.Shutdown((int)s_patience.TotalMilliseconds), CancellationToken.None),
                    Task.Run(() => sdk.LoggerProvider.Shutdown((int)s_patience.TotalMilliseconds), CancellationToken.None)
                )
                .WaitAsync(cancellationToken);

    /// <inheritdoc/>
    public void Dispose() => _sdk?.Dispose();

    /// <summary>Forwards the app's log.</summary>
    private sealed class ExportedLogs(ILoggerFactory exporter) : ILoggerProvider
    {
        public ILogger CreateLogger(string categoryName) => exporter.CreateLogger(categoryName);

        public void Dispose() { }
    }
}
