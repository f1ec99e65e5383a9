using EventSubscriptions.Options;
using Microsoft.Extensions.DependencyInjection;

namespace EventSubscriptions.Retention;

/// <summary>Registration of this folder.</summary>
public static class RetentionServices
{
    /// <summary>Adds what deletes expired rows.</summary>
    public static IServiceCollection AddRetention(this IServiceCollection services) =>
        services.AddSettings(RetentionOptions.Read).AddSingleton<RetentionPurge>();
}
