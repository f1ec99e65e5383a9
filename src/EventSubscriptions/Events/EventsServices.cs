using Microsoft.Extensions.DependencyInjection;

namespace EventSubscriptions.Events;

/// <summary>Registration of the events.</summary>
public static class EventsServices
{
    /// <summary>Adds the catalogue, which is read and checked here, and what publishes, archives and fans out events.</summary>
    public static IServiceCollection AddEvents(this IServiceCollection services) => services
        .AddSingleton(EventCatalogue.Load())
        .AddSingleton<PublishRequest>()
        .AddSingleton<PublishRate>()
        .AddSingleton<EventPublisher>()
        .AddSingleton<EventArchive>()
        .AddSingleton<EventFanOut>();
}
