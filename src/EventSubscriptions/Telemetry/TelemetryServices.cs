using EventSubscriptions.Options;
using Microsoft.Extensions.DependencyInjection;

namespace EventSubscriptions.Telemetry;

public static class TelemetryServices
{
    /// <summary>Adds metrics, traces and their export.</summary>
    public static IServiceCollection AddTelemetry(this IServiceCollection services) =>
        services
            .AddSettings(TelemetryOptions.Read)
            .AddDefaultLogLevels()
            .AddMetrics()
            .AddSingleton<AppMetrics>()
            .AddSingleton<AppTracing>()
            .AddSingleton<ITelemetryDestination, OtlpDestination>()
            .AddHostedService<TelemetryExport>();
}
