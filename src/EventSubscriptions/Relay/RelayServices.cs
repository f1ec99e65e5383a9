using System.Net;
using EventSubscriptions.Options;
using Microsoft.Extensions.DependencyInjection;

namespace EventSubscriptions.Relay;

/// <summary>Registration of this folder.</summary>
public static class RelayServices
{
    /// <summary>Adds what polls Relay.</summary>
    public static IServiceCollection AddRelay(this IServiceCollection services) => services
        .AddSettings(RelayOptions.Read)
        .AddSingleton<RelayStore>()
        .AddSingleton<RelayPublisher>()
        .AddSingleton<RelayPoller>()
        .AddSingleton<RelayHealth>()
        .AddRelayClient();

    /// <summary>Adds the client and the HTTP client that it uses.</summary>
    internal static IServiceCollection AddRelayClient(this IServiceCollection services)
    {
        services.AddHttpClient(RelayClient.ClientName, client => client.Timeout = Timeout.InfiniteTimeSpan)
            .ConfigurePrimaryHttpMessageHandler(CreateHandler)
            .SetHandlerLifetime(Timeout.InfiniteTimeSpan)
            .RemoveAllLoggers();
        return services.AddSingleton<RelayClient>();
    }

    private static SocketsHttpHandler CreateHandler() => new()
    {
        // The API key goes to the address that was given and nowhere else.
        AllowAutoRedirect = false,
        UseCookies = false,
        UseProxy = false,
        AutomaticDecompression = DecompressionMethods.None,
        ConnectTimeout = RelayClient.Deadline,
        // So that a server that moves is followed.
        PooledConnectionLifetime = TimeSpan.FromMinutes(2),
        MaxResponseHeadersLength = 16,
        // What is left of a long answer is not worth reading.
        MaxResponseDrainSize = 0,
        ActivityHeadersPropagator = null,
    };
}
