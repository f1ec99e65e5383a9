using LocalHost.Functions;
using LocalHost.Messaging;
using LocalHost.Triggers;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace LocalHost.Hosting;

/// <summary>Creates the listeners of all functions except HTTP functions, which the web server invokes.</summary>
internal sealed class ListenerFactory(DataFolder folder, HostJson hostJson, IConfiguration settings, IServiceProvider services)
{
    private readonly TimeProvider _time = services.GetRequiredService<TimeProvider>();

    /// <exception cref="StartupException">A queue, schedule or setting of a trigger is not valid.</exception>
    public IReadOnlyList<TriggerListener> Create(IEnumerable<LocalFunction> functions) =>
        [.. functions.Select(Create).OfType<TriggerListener>()];

    private TriggerListener? Create(LocalFunction function) =>
        function.Binding switch
        {
            TimerTriggerAttribute timer => new TimerListener(
                function,
                TimerSchedule.Parse(SettingReference.Resolve(timer.Schedule, function.Name, settings), function.Name),
                new TimerStatusStore(folder.Database, function.Name),
                _time,
                services.GetRequiredService<ILogger<TimerListener>>()
            ),
            ServiceBusTriggerAttribute bus => new ServiceBusListener(
                function,
                FindQueue(bus, function.Name),
                hostJson.ServiceBus,
                _time,
                services.GetRequiredService<ILogger<ServiceBusListener>>()
            ),
            _ => null,
        };

    private BrokerQueue FindQueue(ServiceBusTriggerAttribute bus, string function)
    {
        var setting = bus.Connection ?? "AzureWebJobsServiceBus";
        if (settings[setting] != LocalSettings.UseDataFolder)
        {
            throw new StartupException(
                $"{function}: remove the setting {setting} or {setting}__fullyQualifiedNamespace. The local host has its own queues only."
            );
        }

        var path = SettingReference.Resolve(bus.QueueName!, function, settings);
        return folder.Broker.TryGetQueue(path, out var queue)
            ? queue
            : throw new StartupException($"{function}: the queue {path} is not declared in servicebus.json.");
    }
}
