using EventSubscriptions.Options;

namespace EventSubscriptions.Telemetry;

/// <summary>Where metrics, traces and logs are sent.</summary>
public sealed record TelemetryOptions
{
    private const string OtlpEndpointName = "OTEL_EXPORTER_OTLP_ENDPOINT";

    /// <summary>
    /// <c>OTEL_EXPORTER_OTLP_ENDPOINT</c>: a collector, or null for none. The exporter reads it and the other standard variables itself,
    /// and silently ignores an invalid one.
    /// </summary>
    public Uri? OtlpEndpoint { get; init; }

    /// <summary>Reads and checks the settings.</summary>
    public static TelemetryOptions Read(OptionsReader reader)
    {
        if (reader.Text(OtlpEndpointName) is not { } text)
        {
            return new TelemetryOptions();
        }

        if (
            Uri.TryCreate(text, UriKind.Absolute, out var endpoint)
            && (endpoint.Scheme == Uri.UriSchemeHttp || endpoint.Scheme == Uri.UriSchemeHttps)
        )
        {
            return new TelemetryOptions { OtlpEndpoint = endpoint };
        }

        reader.AddError(OtlpEndpointName, "must be an absolute http or https URI");
        return new TelemetryOptions();
    }
}
