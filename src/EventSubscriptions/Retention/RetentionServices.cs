using EventSubscriptions.Options;
using Microsoft.Extensions.DependencyInjection;

namespace EventSubscriptions.Retention;

public static class RetentionServices
{
    /// <summary>Adds the purge of expired rows.</summary>
    public static IServiceCollection AddRetention(this IServiceCollection services) =>
        services.AddSettings(RetentionOptions.Read).AddSingleton<RetentionPurge>();
}
