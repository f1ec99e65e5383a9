using EventSubscriptions.Audit;
using EventSubscriptions.Options;
using EventSubscriptions.Subscriptions.Authentication;
using EventSubscriptions.Subscriptions.Filters;
using EventSubscriptions.Subscriptions.Formats;
using Microsoft.Extensions.DependencyInjection;

namespace EventSubscriptions.Subscriptions;

public static class SubscriptionsServices
{
    /// <summary>Adds subscriptions, their caches and their health.</summary>
    public static IServiceCollection AddSubscriptions(this IServiceCollection services) =>
        services
            .AddSettings(ManagedIdentityOptions.Read)
            .AddSingleton<SubscriptionRules>()
            .AddSingleton<SubscriptionStore>()
            .AddSingleton<IAuditOutbox>(provider => provider.GetRequiredService<SubscriptionStore>())
            .AddSingleton<SubscriptionHealthStore>()
            .AddSingleton<SubscriptionCache>()
            .AddSingleton<SubscriptionIndex>()
            .AddSingleton<SubscriptionLimit>()
            .AddSingleton<FilterTest>()
            .AddSingleton<PreviewSlots>()
            .AddSingleton<ClientCertificateExpiry>()
            .AddSingleton<SubscriptionEditor>();
}
