using EventSubscriptions.Options;
using Microsoft.Extensions.DependencyInjection;

namespace EventSubscriptions.Replays;

public static class ReplaysServices
{
    /// <summary>Adds replays.</summary>
    public static IServiceCollection AddReplays(this IServiceCollection services) =>
        services
            .AddSettings(ReplayOptions.Read)
            .AddSingleton<ReplayStore>()
            .AddSingleton<ReplaySearch>()
            .AddSingleton<ReplaySender>()
            .AddSingleton<ReplayLifecycle>()
            .AddSingleton<ReplayProcessor>();
}
