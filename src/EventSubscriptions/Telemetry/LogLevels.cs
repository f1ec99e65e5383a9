using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace EventSubscriptions.Telemetry;

/// <summary>The default log levels.</summary>
internal static class LogLevels
{
    private static readonly string[] s_frameworks = ["Microsoft", "System", "Azure"];

    /// <summary>
    /// Warnings and above for the libraries. At Information each settlement of a message writes four lines (the HTTP client of the worker)
    /// and each request as many, which Application Insights charges for. Settings take precedence:
    /// <c>Logging__LogLevel__System=Information</c>.
    /// </summary>
    public static IServiceCollection AddDefaultLogLevels(this IServiceCollection services) =>
        services.Configure<LoggerFilterOptions>(options =>
        {
            // The last rule for a category wins, and those of the settings may exist already.
            foreach (var category in s_frameworks)
            {
                options.Rules.Insert(0, new LoggerFilterRule(providerName: null, category, LogLevel.Warning, filter: null));
            }
        });
}
