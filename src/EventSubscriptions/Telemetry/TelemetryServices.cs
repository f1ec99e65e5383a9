using EventSubscriptions.Options;
using Microsoft.Extensions.DependencyInjection;

namespace EventSubscriptions.Telemetry;

/// <summary>Registration of this folder.</summary>
public static class TelemetryServices
{
    /// <summary>Adds what counts, measures and traces, and what sends it elsewhere.</summary>
    public static IServiceCollection AddTelemetry(this IServiceCollection services) => services
        .AddSettings(TelemetryOptions.Read)
        .AddDefaultLogLevels()
        .AddMetrics()
        .AddSingleton<AppMetrics>()
        .AddSingleton<AppTracing>()
        .AddSingleton<ITelemetryDestination, OtlpDestination>()
        .AddHostedService<TelemetryExport>();
}
