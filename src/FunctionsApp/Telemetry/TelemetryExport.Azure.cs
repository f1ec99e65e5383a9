using Azure.Core;
using Azure.Monitor.OpenTelemetry.Exporter;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using OpenTelemetry;
using OpenTelemetry.Trace;

namespace EventSubscriptions.Telemetry;

/// <content>
/// Application Insights, for builds against the real Functions packages. The Functions host sends the logs there, and a request for each
/// invocation; what is added here is the app's own metrics and activities.
/// </content>
internal sealed partial class TelemetryExport
{
    private const string ConnectionString = "APPLICATIONINSIGHTS_CONNECTION_STRING";

    // The worker's own activities connect ours to the host's requests.
    private const string WorkerSource = "Microsoft.Azure.Functions.Worker";

    static partial void UseAzure(IOpenTelemetryBuilder telemetry, IServiceProvider services, ref bool isOn)
    {
        if (services.GetRequiredService<IConfiguration>()[ConnectionString] is not { Length: > 0 } connection)
        {
            return;
        }

        isOn = true;
        var credential = services.GetRequiredService<TokenCredential>();
        telemetry
            .WithMetrics(metrics => metrics.AddAzureMonitorMetricExporter(options => options.ConnectionString = connection, credential))
            .WithTracing(tracing => tracing.AddSource(WorkerSource).AddAzureMonitorTraceExporter(options => options.ConnectionString = connection, credential));
    }
}
