using EventSubscriptions;
using EventSubscriptions.Telemetry;
using Microsoft.Azure.Functions.Worker.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace FunctionsApp;

/// <summary>The app on the Functions host: what only Azure needs, around the product.</summary>
internal static class AzureApp
{
    /// <summary>Builds the app.</summary>
    /// <param name="args">How to reach the Functions host, which starts the app with them.</param>
    public static FunctionsApplicationBuilder CreateBuilder(string[] args)
    {
        var builder = FunctionsApplication.CreateBuilder(args);
        builder.UseMiddleware<ResultMiddleware>();
        builder.ConfigureFunctionsWebApplication();
        builder.AddEventSubscriptions();
        builder.Services.ConfigureWebServer().AddSingleton<ITelemetryDestination, AzureMonitor>();
        return builder;
    }
}
