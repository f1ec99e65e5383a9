using EventSubscriptions.Events.Archive;
using EventSubscriptions.Events.Catalogue;
using EventSubscriptions.Events.FanOut;
using EventSubscriptions.Events.Publishing;
using EventSubscriptions.Options;
using Microsoft.Extensions.DependencyInjection;

namespace EventSubscriptions.Events;

/// <summary>Registration of the events.</summary>
public static class EventsServices
{
    /// <summary>Adds the catalogue, which is read and checked here, and what publishes, archives and fans out events.</summary>
    public static IServiceCollection AddEvents(this IServiceCollection services) => services
        .AddSettings(ArchiveOptions.Read)
        .AddSingleton(EventCatalogue.Load())
        .AddSingleton<PublishRequest>()
        .AddSingleton<PublishRate>()
        .AddSingleton<EventPublisher>()
        .AddSingleton<EventArchive>()
        .AddSingleton<FanOutProcessor>();
}
