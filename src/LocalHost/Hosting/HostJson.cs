using System.Globalization;
using LocalHost.Triggers;
using Microsoft.Extensions.Configuration;

namespace LocalHost.Hosting;

/// <summary>
/// The values of <c>host.json</c> that this host uses. As on the Functions host, the environment overrides them:
/// <c>AzureFunctionsJobHost__extensions__serviceBus__maxConcurrentCalls=8</c>.
/// </summary>
internal sealed record HostJson
{
    public const string EnvironmentPrefix = "AzureFunctionsJobHost__";

    /// <summary>The prefix of every route. The Functions host's default is <c>api</c>.</summary>
    public string RoutePrefix { get; init; } = "api";

    public ServiceBusOptions ServiceBus { get; init; } = new();

    /// <exception cref="StartupException">The file is not JSON, or a value is not valid.</exception>
    public static HostJson Load(string path, IConfiguration? overrides = null)
    {
        var builder = new ConfigurationBuilder().AddJsonFile(path, optional: true, reloadOnChange: false);
        if (overrides is null)
        {
            builder.AddEnvironmentVariables(EnvironmentPrefix);
        }
        else
        {
            builder.AddConfiguration(overrides);
        }

        IConfiguration extensions;
        try
        {
            extensions = builder.Build().GetSection("extensions");
        }
        catch (Exception exception) when (exception is InvalidDataException or FormatException)
        {
            throw new StartupException($"{path} can't be read: {exception.InnerException?.Message ?? exception.Message}");
        }

        var defaults = new HostJson();
        var bus = extensions.GetSection("serviceBus");
        return new HostJson
        {
            RoutePrefix = (extensions["http:routePrefix"] ?? defaults.RoutePrefix).Trim('/'),
            ServiceBus = new ServiceBusOptions
            {
                MaxConcurrentCalls = Read(bus, "maxConcurrentCalls", Positive, defaults.ServiceBus.MaxConcurrentCalls),
                MaxMessageBatchSize = Read(bus, "maxMessageBatchSize", Positive, defaults.ServiceBus.MaxMessageBatchSize),
                AutoCompleteMessages = Read(bus, "autoCompleteMessages", Boolean, defaults.ServiceBus.AutoCompleteMessages),
                MaxAutoLockRenewalDuration = Read(
                    bus,
                    "maxAutoLockRenewalDuration",
                    Duration,
                    defaults.ServiceBus.MaxAutoLockRenewalDuration
                ),
            },
        };
    }

    private static T Read<T>(IConfigurationSection section, string name, Func<string, T?> parse, T defaultValue)
        where T : struct =>
        section[name] is not { } text
            ? defaultValue
            : parse(text) ?? throw new StartupException($"host.json: '{text}' is not a valid value of {section.Path}:{name}.");

    private static int? Positive(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value) && value > 0 ? value : null;

    private static bool? Boolean(string text) => bool.TryParse(text, out var value) ? value : null;

    private static TimeSpan? Duration(string text) =>
        TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out var value) && value >= TimeSpan.Zero ? value : null;
}
