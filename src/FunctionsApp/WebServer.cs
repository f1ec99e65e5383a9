using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace FunctionsApp;

/// <summary>The web server inside the worker, to which the Functions host forwards requests.</summary>
internal static class WebServer
{
    /// <summary>The Functions host's limit of a request's body.</summary>
    private const long MaxRequestBodySize = 100 * 1024 * 1024;

    /// <summary>
    /// Leaves out what the app has no use for: the header <c>Server</c>, and the keys of Data Protection, which would be made, stored and warned about at
    /// each start though nothing is protected with them. Call it after <c>ConfigureFunctionsWebApplication</c>, which adds them.
    /// </summary>
    public static IServiceCollection ConfigureWebServer(this IServiceCollection services)
    {
        services.Configure<KestrelServerOptions>(kestrel =>
        {
            kestrel.AddServerHeader = false;

            // The app limits bodies itself, with a 413. Over the server's own limit, 30 MB by default, the connection ends and the host makes it a 502.
            kestrel.Limits.MaxRequestBodySize = MaxRequestBodySize;
        });
        services.AddDataProtection().UseEphemeralDataProtectionProvider();

        // It makes the keys, whoever uses them.
        foreach (var service in services.Where(IsDataProtectionStart).ToList())
        {
            services.Remove(service);
        }

        return services;
    }

    private static bool IsDataProtectionStart(ServiceDescriptor service) =>
        service.ServiceType == typeof(IHostedService) && service.ImplementationType?.Assembly == typeof(IDataProtectionBuilder).Assembly;
}
