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
/// Sends metrics, traces and logs to wherever the settings say, from the start of the app to its end. Without a setting there is nobody who
/// listens, and none of them costs anything.
/// </summary>
/// <remarks>
/// <c>OTEL_EXPORTER_OTLP_ENDPOINT</c> turns on OTLP; the other standard variables of the OpenTelemetry SDK and its OTLP exporter are honoured.
/// A host adds others as <see cref="ITelemetryDestination"/>.
/// </remarks>
internal sealed class TelemetryExport(IEnumerable<ITelemetryDestination> destinations, IConfiguration settings, ILoggerFactory loggers) : IHostedService, IDisposable
{
    private const string ServiceName = "event-subscriptions";

    // What has been measured in the last moments isn't worth that an app is killed while it stops.
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(3);

    private OpenTelemetrySdk? _sdk;

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        var isOn = false;
        var sdk = OpenTelemetrySdk.Create(telemetry =>
        {
            telemetry.Services.AddSingleton(settings);
            telemetry.ConfigureResource(resource => resource.Clear().AddService(ServiceName, serviceVersion: AppVersion.Text).AddTelemetrySdk().AddEnvironmentVariableDetector());
            foreach (var destination in destinations)
            {
                isOn |= destination.TryAddTo(telemetry);
            }

            if (isOn)
            {
                telemetry.WithMetrics(metrics => metrics.AddMeter(AppMetrics.SourceName)).WithTracing(tracing => tracing.AddSource(AppMetrics.SourceName));
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

    /// <summary>Sends what is left, unless that takes too long.</summary>
    public Task StopAsync(CancellationToken cancellationToken) => _sdk is not { } sdk ? Task.CompletedTask : Task.WhenAll(
        Task.Run(() => sdk.TracerProvider.Shutdown((int)s_patience.TotalMilliseconds), CancellationToken.None),
        Task.Run(() => sdk.MeterProvider.Shutdown((int)s_patience.TotalMilliseconds), CancellationToken.None),
        Task.Run(() => sdk.LoggerProvider.Shutdown((int)s_patience.TotalMilliseconds), CancellationToken.None)).WaitAsync(cancellationToken);

    /// <inheritdoc/>
    public void Dispose() => _sdk?.Dispose();

    /// <summary>Hands the app's log on.</summary>
    private sealed class ExportedLogs(ILoggerFactory exporter) : ILoggerProvider
    {
        public ILogger CreateLogger(string categoryName) => exporter.CreateLogger(categoryName);

        public void Dispose()
        {
        }
    }
}
