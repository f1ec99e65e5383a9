using Azure.Core;
using Azure.Monitor.OpenTelemetry.Exporter;
using EventSubscriptions.Telemetry;
using Microsoft.Extensions.Configuration;
using OpenTelemetry;

namespace FunctionsApp;

/// <summary>
/// Application Insights. The Functions host sends the logs and a request per invocation; this adds the app's own metrics and activities.
/// </summary>
internal sealed class AzureMonitor(IConfiguration settings, TokenCredential credential) : ITelemetryDestination
{
    private const string ConnectionString = "APPLICATIONINSIGHTS_CONNECTION_STRING";

    // The worker's own activities connect ours to the host's requests.
    private const string WorkerSource = "Microsoft.Azure.Functions.Worker";

    /// <inheritdoc/>
    public bool TryAddTo(IOpenTelemetryBuilder telemetry)
    {
        if (settings[ConnectionString] is not { Length: > 0 } connection)
        {
            return false;
        }

        telemetry
            .WithMetrics(metrics => metrics.AddAzureMonitorMetricExporter(options => options.ConnectionString = connection, credential))
            .WithTracing(tracing =>
                tracing.AddSource(WorkerSource).AddAzureMonitorTraceExporter(options => options.ConnectionString = connection, credential)
            );
        return true;
    }
}
