using OpenTelemetry;

namespace EventSubscriptions.Telemetry;

/// <summary>Where metrics, traces and logs can be sent.</summary>
public interface ITelemetryDestination
{
    /// <summary>Adds the exporters, or returns false if the settings don't ask for this destination.</summary>
    bool TryAddTo(IOpenTelemetryBuilder telemetry);
}
