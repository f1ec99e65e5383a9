using EventSubscriptions.Audit;
using Microsoft.Extensions.DependencyInjection;

namespace EventSubscriptions.Subscriptions;

/// <summary>Registration of this folder.</summary>
public static class SubscriptionsServices
{
    /// <summary>Adds the store of subscriptions, and what fan-out and deliveries ask.</summary>
    public static IServiceCollection AddSubscriptions(this IServiceCollection services) =>
        services
            .AddSingleton<SubscriptionStore>()
            .AddSingleton<IAuditOutbox>(provider => provider.GetRequiredService<SubscriptionStore>())
            .AddSingleton<SubscriptionHealthStore>()
            .AddSingleton<SubscriptionCache>()
            .AddSingleton<SubscriptionIndex>()
            .AddSingleton<SubscriptionLimit>()
            .AddSingleton<SubscriptionEditor>();
}
