using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace FunctionsApp;

/// <summary>The web server in the worker, to which the Functions host forwards requests.</summary>
internal static class WebServer
{
    /// <summary>The Functions host's limit of a request body.</summary>
    private const long MaxRequestBodySize = 100 * 1024 * 1024;

    /// <summary>
    /// Removes what the app doesn't need: the header <c>Server</c>, and the keys of Data Protection, which would be created, stored and
    /// warned about at each start though nothing uses them. Call it after <c>ConfigureFunctionsWebApplication</c>, which adds them.
    /// </summary>
    public static IServiceCollection ConfigureWebServer(this IServiceCollection services)
    {
        services.Configure<KestrelServerOptions>(kestrel =>
        {
            kestrel.AddServerHeader = false;

            // The app limits bodies itself, with a 413. Above the server's own limit, 30 MB by default, the connection would end and the
            // host return a 502.
            kestrel.Limits.MaxRequestBodySize = MaxRequestBodySize;
        });
        services.AddDataProtection().UseEphemeralDataProtectionProvider();

        // It creates the keys even if nothing uses them.
        foreach (var service in services.Where(IsDataProtectionStart).ToList())
        {
            services.Remove(service);
        }

        return services;
    }

    private static bool IsDataProtectionStart(ServiceDescriptor service) =>
        service.ServiceType == typeof(IHostedService) && service.ImplementationType?.Assembly == typeof(IDataProtectionBuilder).Assembly;
}
