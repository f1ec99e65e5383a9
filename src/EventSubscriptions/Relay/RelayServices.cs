using System.Net;
using EventSubscriptions.Options;
using Microsoft.Extensions.DependencyInjection;

namespace EventSubscriptions.Relay;

public static class RelayServices
{
    /// <summary>Adds the Relay poller.</summary>
    public static IServiceCollection AddRelay(this IServiceCollection services) =>
        services
            .AddSettings(RelayOptions.Read)
            .AddSingleton<RelayStore>()
            .AddSingleton<RelayPublisher>()
            .AddSingleton<RelayPoller>()
            .AddSingleton<RelayHealth>()
            .AddRelayClient();

    /// <summary>Adds the Relay client and its HTTP client.</summary>
    internal static IServiceCollection AddRelayClient(this IServiceCollection services)
    {
        services
            .AddHttpClient(RelayClient.ClientName, client => client.Timeout = Timeout.InfiniteTimeSpan)
            .ConfigurePrimaryHttpMessageHandler(CreateHandler)
            .SetHandlerLifetime(Timeout.InfiniteTimeSpan)
            .RemoveAllLoggers();
        return services.AddSingleton<RelayClient>();
    }

    private static SocketsHttpHandler CreateHandler() =>
        new()
        {
            // The API key goes to the configured address and nowhere else.
            AllowAutoRedirect = false,
            UseCookies = false,
            UseProxy = false,
            AutomaticDecompression = DecompressionMethods.None,
            ConnectTimeout = RelayClient.Deadline,
            // So that a server that changes its address is followed.
            PooledConnectionLifetime = TimeSpan.FromMinutes(2),
            MaxResponseHeadersLength = 16,
            // The rest of a long response is not worth reading.
            MaxResponseDrainSize = 0,
            ActivityHeadersPropagator = null,
        };
}
