using EventSubscriptions.Events.Archive;
using EventSubscriptions.Events.Catalogue;
using EventSubscriptions.Events.FanOut;
using EventSubscriptions.Events.Publishing;
using EventSubscriptions.Options;
using Microsoft.Extensions.DependencyInjection;

namespace EventSubscriptions.Events;

public static class EventsServices
{
    /// <summary>Adds the event types, publishing, the archive and fan-out.</summary>
    public static IServiceCollection AddEvents(this IServiceCollection services) =>
        services
            .AddSettings(ArchiveOptions.Read)
            .AddSingleton(EventCatalogue.Load())
            .AddSingleton<EventTypeStore>()
            .AddSingleton<EventTypes>()
            .AddSingleton<AirRequest>()
            .AddSingleton<PublishRate>()
            .AddSingleton<EventPublisher>()
            .AddSingleton<IOperationalEventPublisher, OperationalEventPublisher>()
            .AddSingleton<EventArchive>()
            .AddSingleton<FanOutProcessor>();
}
