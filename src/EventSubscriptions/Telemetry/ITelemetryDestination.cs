using OpenTelemetry;

namespace EventSubscriptions.Telemetry;

/// <summary>Where metrics, traces and logs can be sent.</summary>
public interface ITelemetryDestination
{
    /// <summary>Adds the exporters, or returns false if this destination is not configured.</summary>
    bool TryAddTo(IOpenTelemetryBuilder telemetry);
}
