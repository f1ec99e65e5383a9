using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using OpenTelemetry;

namespace EventSubscriptions.Telemetry;

/// <summary>A collector that speaks OTLP.</summary>
internal sealed class OtlpDestination(TelemetryOptions options) : ITelemetryDestination
{
    /// <inheritdoc/>
    public bool TryAddTo(IOpenTelemetryBuilder telemetry)
    {
        if (options.OtlpEndpoint is null)
        {
            return false;
        }

        telemetry.UseOtlpExporter();

        // The app's own settings decide what is logged.
        telemetry.Services.AddLogging(logging => logging.SetMinimumLevel(LogLevel.Trace));
        return true;
    }
}
