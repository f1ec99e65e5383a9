using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace EventSubscriptions.Telemetry;

/// <summary>What is logged where no setting says otherwise.</summary>
internal static class LogLevels
{
    private static readonly string[] s_frameworks = ["Microsoft", "System", "Azure"];

    /// <summary>
    /// Warnings and worse of what the app is built on. At Information each settlement of a message writes four lines (the HTTP client of the worker) and
    /// each request as many, which Application Insights charges for. Settings win: <c>Logging__LogLevel__System=Information</c>.
    /// </summary>
    public static IServiceCollection AddDefaultLogLevels(this IServiceCollection services) => services.Configure<LoggerFilterOptions>(options =>
    {
        // Of rules for the same category the last one wins, and those of the settings may be there already.
        foreach (var category in s_frameworks)
        {
            options.Rules.Insert(0, new LoggerFilterRule(providerName: null, category, LogLevel.Warning, filter: null));
        }
    });
}
