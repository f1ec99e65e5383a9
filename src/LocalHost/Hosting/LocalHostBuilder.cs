using System.Globalization;
using Azure.Data.Tables;
using Azure.Messaging.ServiceBus;
using EventSubscriptions.Options;
using EventSubscriptions.Secrets;
using LocalHost.Demo;
using LocalHost.Functions;
using LocalHost.Messaging;
using LocalHost.ServiceBus;
using LocalHost.Storage;
using LocalHost.Tables;
using LocalHost.Triggers;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Middleware;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace LocalHost.Hosting;

/// <summary>The parts of a host; tests replace what a process has only once.</summary>
internal sealed record HostParts(CommandLine CommandLine, IReadOnlyList<Type> FunctionTypes)
{
    /// <summary>The product's version: three numbers.</summary>
    public static string Version { get; } = typeof(HostParts).Assembly.GetName().Version!.ToString(3);

    public string ApplicationName { get; init; } = "app";

    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Replaces the environment variables.</summary>
    public IConfiguration? Settings { get; init; }

    public string HostJson { get; init; } = Path.Combine(AppContext.BaseDirectory, "host.json");

    /// <summary>
    /// The settings that the deployment gives every app, because triggers refer to them by name and a host can't see defaults in the app's
    /// code. The environment takes precedence.
    /// </summary>
    public string SettingsFile { get; init; } = Path.Combine(AppContext.BaseDirectory, "settings.json");

    public TextWriter Output { get; init; } = Console.Out;

    /// <summary>How long work in flight may take when the host stops.</summary>
    public TimeSpan DrainTime { get; init; } = TimeSpan.FromSeconds(10);
}

/// <summary>Builds the host: a web application with nothing but Kestrel, routing, the console and the functions.</summary>
internal sealed partial class LocalHostBuilder : IFunctionsWorkerApplicationBuilder
{
    /// <summary>The Functions host's limit of a request's body.</summary>
    private const long MaxRequestBodySize = 100 * 1024 * 1024;

    /// <summary>Idle connections must not use up the file handles of the process, which the database needs.</summary>
    private const int MaxConnections = 1000;

    private const string ServiceBusEndpointSetting = "LocalHost:ServiceBusEndpoint";
    private const string MinimumFreeSpaceSetting = "LocalHost:MinimumFreeSpace";

    private readonly HostParts _parts;
    private readonly DataFolder _folder;
    private readonly ILoggerFactory _loggers;
    private readonly List<Func<FunctionExecutionDelegate, FunctionExecutionDelegate>> _middleware = [];
    private string _adminKeyHint = "";
    private bool _built;

    /// <exception cref="StartupException">The data folder is not usable.</exception>
    public LocalHostBuilder(HostParts parts)
    {
        _parts = parts;
        Web = WebApplication.CreateEmptyBuilder(
            new WebApplicationOptions
            {
                ApplicationName = _parts.ApplicationName,
                ContentRootPath = AppContext.BaseDirectory,
                EnvironmentName = Environment.GetEnvironmentVariable("DOTNET_ENVIRONMENT") ?? Environments.Production,
            }
        );
        var settings = _parts.Settings ?? new ConfigurationBuilder().AddEnvironmentVariables().Build();
        Web.Configuration.AddInMemoryCollection(DefaultLogLevels)
            .AddJsonFile(_parts.SettingsFile, optional: true, reloadOnChange: false)
            .AddConfiguration(settings);
        _loggers = LoggerFactory.Create(ConfigureLogging);
        var minimumFreeSpace = MinimumFreeSpace(settings);
        _folder = OpenFolder(path =>
        {
            // Checked before the database is created: whether there is data already.
            var (local, madeAdminKey) = LocalSettings.For(path, settings, DataFolder.HasData(path));
            _adminKeyHint =
                madeAdminKey ? $"{local[LocalSettings.AdminKey]} (shown once; kept in {LocalSettings.FileName} of the data folder)"
                : local.ContainsKey(LocalSettings.AdminKey) ? $"in {Path.Combine(path, LocalSettings.FileName)}"
                : "as set in Access__AdminKey";
            Web.Configuration.AddInMemoryCollection(local);
            return SecretOptions.Read(new OptionsReader(Web.Configuration)).Keys;
        });
        Web.Services.AddSingleton<ServiceBusClient>(
            new LocalServiceBusClient(_folder.Broker, new FreeSpace(_folder.Database, minimumFreeSpace, _parts.Time))
        );
        if (Web.Configuration[LocalSettings.Tables] == LocalSettings.Embedded)
        {
            Web.Services.AddSingleton<TableServiceClient>(new LocalTableServiceClient(_folder.Tables));
        }

        ConfigureServices();
    }

    public WebApplicationBuilder Web { get; }

    private static Dictionary<string, string?> DefaultLogLevels =>
        new(StringComparer.Ordinal)
        {
            ["Logging:LogLevel:Default"] = "Information",
            // It logs a failed start, which is reported anyway when the process ends.
            ["Logging:LogLevel:Microsoft.Extensions.Hosting.Internal.Host"] = "Critical",
        };

    public IServiceCollection Services => Web.Services;

    public IFunctionsWorkerApplicationBuilder Use(Func<FunctionExecutionDelegate, FunctionExecutionDelegate> middleware)
    {
        ThrowIfBuilt();
        _middleware.Add(middleware);
        return this;
    }

    /// <exception cref="StartupException">The functions or <c>host.json</c> are not valid.</exception>
    public LocalFunctionsHost Build()
    {
        ThrowIfBuilt();
        _built = true;
        try
        {
            return Assemble();
        }
        catch
        {
            _folder.Dispose();
            _loggers.Dispose();
            throw;
        }
    }

    private LocalFunctionsHost Assemble()
    {
        var hostJson = HostJson.Load(_parts.HostJson, _parts.Settings?.GetSection(HostJson.EnvironmentPrefix.TrimEnd('_')));
        var methods = FunctionDiscovery.Find(_parts.FunctionTypes, hostJson.RoutePrefix);
        var triggers = new TriggerService();
        Web.Services.AddSingleton<IHostedService>(triggers);
        var app = Web.Build();
        try
        {
            var runner = ActivatorUtilities.CreateInstance<FunctionRunner>(app.Services, _middleware.AsEnumerable());
            var functions = methods.Select(method => Load(method, runner, app.Configuration)).ToList();
            HttpTrigger.Map(app, methods.Zip(functions));
            if (HasServiceBusEndpoint(app))
            {
                app.MapPost(
                    ServiceBusRest.Route,
                    context => ServiceBusRest.HandleAsync(context, _folder.Broker, app.Configuration[LocalSettings.AdminKey]!)
                );
            }

            app.MapPost(Backup.Route, context => Backup.HandleAsync(context, _folder, app.Configuration[LocalSettings.AdminKey]!));
            app.MapGet(
                QueueCounts.Route,
                context => QueueCounts.HandleAsync(context, _folder.Broker, app.Configuration[LocalSettings.AdminKey]!)
            );
            triggers.Listeners = _parts.CommandLine.Paused ? [] : [.. Listeners(functions, app, hostJson)];
            LogFunctions(functions, app.Services.GetRequiredService<ILogger<LocalHostBuilder>>());
            return new LocalFunctionsHost(
                app,
                triggers,
                _folder,
                _loggers,
                new Banner(_parts, _adminKeyHint),
                _parts.Output,
                _parts.CommandLine.Demo ? CreateDemo(app) : null
            );
        }
        catch
        {
            ((IDisposable)app).Dispose();
            throw;
        }
    }

    /// <summary>Lets anyone with the admin key write to the queues, so it is off by default.</summary>
    private bool HasServiceBusEndpoint(WebApplication app) =>
        _parts.CommandLine.Demo
        || app.Environment.IsDevelopment()
        || app.Configuration[ServiceBusEndpointSetting] switch
        {
            null or "" => false,
            var text => bool.TryParse(text, out var isOn)
                ? isOn
                : throw new StartupException("LocalHost__ServiceBusEndpoint must be true or false."),
        };

    private static long MinimumFreeSpace(IConfiguration settings) =>
        settings[MinimumFreeSpaceSetting] switch
        {
            null or "" => FreeSpace.DefaultMinimum,
            var text => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var bytes)
                ? bytes
                : throw new StartupException("LocalHost__MinimumFreeSpace must be a number of bytes."),
        };

    private static void LogFunctions(IReadOnlyList<LocalFunction> functions, ILogger logger)
    {
        foreach (var function in functions)
        {
            Log.Function(logger, function.Name, function.Trigger);
        }
    }

    private DemoRun CreateDemo(WebApplication app) =>
        new(
            _parts.CommandLine,
            app.Services.GetRequiredService<IHttpClientFactory>().CreateClient(DemoRun.ClientName),
            app.Configuration[LocalSettings.AdminKey]!,
            app.Services.GetRequiredService<TimeProvider>(),
            app.Services.GetRequiredService<ILogger<DemoRun>>()
        );

    private static LocalFunction Load(FunctionMethod method, FunctionRunner runner, IConfiguration settings)
    {
        var function = runner.Load(method);
        return method.Route is null
            ? function with
            {
                Trigger = SettingReference.Resolve(function.Trigger, function.Name, settings),
            }
            : function;
    }

    /// <summary>Starts the functions, except HTTP functions, which the web server starts.</summary>
    private IEnumerable<TriggerListener> Listeners(IEnumerable<LocalFunction> functions, WebApplication app, HostJson hostJson)
    {
        foreach (var function in functions)
        {
            switch (function.Binding)
            {
                case TimerTriggerAttribute timer:
                    yield return new TimerListener(
                        function,
                        TimerSchedule.Parse(SettingReference.Resolve(timer.Schedule, function.Name, app.Configuration), function.Name),
                        new TimerStatusStore(_folder.Database, function.Name),
                        app.Services.GetRequiredService<TimeProvider>(),
                        app.Services.GetRequiredService<ILogger<TimerListener>>()
                    );
                    break;
                case ServiceBusTriggerAttribute bus:
                    CheckConnection(bus.Connection ?? "AzureWebJobsServiceBus", function.Name, app.Configuration);
                    yield return new ServiceBusListener(
                        function,
                        FindQueue(SettingReference.Resolve(bus.QueueName!, function.Name, app.Configuration), function.Name),
                        hostJson.ServiceBus,
                        app.Services.GetRequiredService<TimeProvider>(),
                        app.Services.GetRequiredService<ILogger<ServiceBusListener>>()
                    );
                    break;
            }
        }
    }

    /// <summary>Messages are sent to and received from the embedded broker only.</summary>
    private static void CheckConnection(string setting, string function, IConfiguration settings)
    {
        if (settings[setting] != LocalSettings.Embedded)
        {
            throw new StartupException($"{function}: the setting {setting} must be absent: this host has no queues but its own.");
        }
    }

    private BrokerQueue FindQueue(string path, string function) =>
        _folder.Broker.TryGetQueue(path, out var queue)
            ? queue
            : throw new StartupException($"{function}: servicebus.json has no queue {path}.");

    private void ConfigureServices()
    {
        Web.WebHost.UseKestrelCore()
            .ConfigureKestrel(kestrel =>
            {
                kestrel.AddServerHeader = false;
                kestrel.Limits.MaxRequestBodySize = MaxRequestBodySize;
                kestrel.Limits.MaxConcurrentConnections = MaxConnections;
                kestrel.Listen(_parts.CommandLine.Address, _parts.CommandLine.Port);
            });
        Web.Services.AddRoutingCore();
        Web.Services.AddHttpClient(DemoRun.ClientName)
            .ConfigurePrimaryHttpMessageHandler(() => new SocketsHttpHandler { UseProxy = false })
            .RemoveAllLoggers();
        Web.Services.TryAddSingleton(_parts.Time);
        Web.Services.Configure<HostOptions>(options => options.ShutdownTimeout = _parts.DrainTime);
        Web.Services.Configure<ConsoleLifetimeOptions>(options => options.SuppressStatusMessages = true);
        ConfigureLogging(Web.Logging);
        if (Web.Environment.IsDevelopment())
        {
            Web.Host.UseDefaultServiceProvider(options => options.ValidateScopes = options.ValidateOnBuild = true);
        }
    }

    private void ConfigureLogging(ILoggingBuilder logging) =>
        logging
            .AddConfiguration(Web.Configuration.GetSection("Logging"))
            .AddSimpleConsole(console =>
            {
                console.SingleLine = true;
                console.UseUtcTimestamp = true;
                console.TimestampFormat = "HH:mm:ss.fff'Z' ";
            });

    private DataFolder OpenFolder(Func<string, IReadOnlyList<SecretKey>> keys)
    {
        try
        {
            return DataFolder.Open(_parts.CommandLine.DataDirectory, _parts.Time, _loggers, keys: keys);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new StartupException(exception.Message);
        }
    }

    private void ThrowIfBuilt()
    {
        if (_built)
        {
            throw new InvalidOperationException("The application has already been built.");
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Debug, "Function {Function}: {Trigger}")]
        public static partial void Function(ILogger logger, string function, string trigger);
    }
}
