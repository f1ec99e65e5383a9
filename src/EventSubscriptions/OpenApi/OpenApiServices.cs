using Microsoft.Extensions.DependencyInjection;

namespace EventSubscriptions.OpenApi;

public static class OpenApiServices
{
    /// <summary>Adds <c>GET /api/openapi.json</c>.</summary>
    public static IServiceCollection AddOpenApi(this IServiceCollection services) => services.AddSingleton<OpenApiDocument>();
}
