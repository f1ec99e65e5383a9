using System.Security.Cryptography;
using EventSubscriptions.Access;
using LocalHost.Triggers;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;

namespace LocalHost.Hosting;

/// <summary>The local host's own endpoints. They require the admin key, as bearer token or in <c>x-api-key</c>.</summary>
internal static class AdminEndpoints
{
    private const string ServiceBusEndpointSetting = "LocalHost:ServiceBusEndpoint";

    /// <param name="app">The web application.</param>
    /// <param name="folder">The data folder.</param>
    /// <param name="isDemo">Whether to run the demo.</param>
    /// <exception cref="StartupException">A setting is not valid.</exception>
    public static void Map(WebApplication app, DataFolder folder, bool isDemo)
    {
        var adminKey = app.Configuration[LocalSettings.AdminKey]!;
        app.MapPost(Backup.Route, context => Backup.HandleAsync(context, folder, adminKey));
        app.MapGet(QueueCounts.Route, context => QueueCounts.HandleAsync(context, folder.Broker, adminKey));
        if (isDemo || app.Environment.IsDevelopment() || IsServiceBusEndpointOn(app.Configuration))
        {
            app.MapPost(ServiceBusRest.Route, context => ServiceBusRest.HandleAsync(context, folder.Broker, adminKey));
        }
    }

    /// <summary>Whether the request has the admin key.</summary>
    public static bool HasKey(HttpRequest request, string adminKey) =>
        CryptographicOperations.FixedTimeEquals(ApiKey.HashOf(RequestKey.Of(request) ?? ""), ApiKey.HashOf(adminKey));

    /// <summary>Off by default, because the endpoint can write to any queue.</summary>
    private static bool IsServiceBusEndpointOn(IConfiguration settings) =>
        settings[ServiceBusEndpointSetting] switch
        {
            null or "" => false,
            var text => bool.TryParse(text, out var isOn)
                ? isOn
                : throw new StartupException("LocalHost__ServiceBusEndpoint must be true or false."),
        };
}
