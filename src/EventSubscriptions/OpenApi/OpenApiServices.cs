using Microsoft.Extensions.DependencyInjection;

namespace EventSubscriptions.OpenApi;

/// <summary>Registration of this folder.</summary>
public static class OpenApiServices
{
    /// <summary>Adds the description of this API behind <c>GET /api/openapi.json</c>.</summary>
    public static IServiceCollection AddOpenApi(this IServiceCollection services) => services.AddSingleton<OpenApiDocument>();
}
