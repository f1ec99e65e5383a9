using System.Globalization;
using Azure.Data.Tables;
using Azure.Messaging.ServiceBus;
using EventSubscriptions.Options;
using EventSubscriptions.Secrets;
using LocalHost.Demo;
using LocalHost.Functions;
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

/// <summary>Builds the host: a web application with Kestrel, routing, console logging and the functions.</summary>
internal sealed partial class LocalHostBuilder : IFunctionsWorkerApplicationBuilder
{
    /// <summary>The limit of a request's body on the Functions host.</summary>
    private const long MaxRequestBodySize = 100 * 1024 * 1024;

    /// <summary>Idle connections must not use up the process's file handles, which the database needs.</summary>
    private const int MaxConnections = 1000;

    private const string MinimumFreeSpaceSetting = "LocalHost:MinimumFreeSpace";

    /// <summary>
    /// The settings that the deployment gives every app, because triggers refer to them by name. The environment takes precedence.
    /// </summary>
    private static readonly string s_settingsFile = Path.Combine(AppContext.BaseDirectory, "settings.json");

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
                ContentRootPath = AppContext.BaseDirectory,
                EnvironmentName = Environment.GetEnvironmentVariable("DOTNET_ENVIRONMENT") ?? Environments.Production,
            }
        );
        var settings = _parts.Settings ?? new ConfigurationBuilder().AddEnvironmentVariables().Build();
        Web.Configuration.AddInMemoryCollection(DefaultLogLevels)
            .AddJsonFile(s_settingsFile, optional: true, reloadOnChange: false)
            .AddConfiguration(settings);
        _loggers = LoggerFactory.Create(ConfigureLogging);
        var minimumFreeSpace = MinimumFreeSpace(settings);
        _folder = OpenFolder(path =>
        {
            // Called before the database is created, so that HasData is about existing data.
            var (local, isNewAdminKey) = LocalSettings.For(path, settings, DataFolder.HasData(path));
            _adminKeyHint =
                isNewAdminKey ? $"{local[LocalSettings.AdminKey]} (shown once; kept in {LocalSettings.FileName} of the data folder)"
                : local.ContainsKey(LocalSettings.AdminKey) ? $"in {Path.Combine(path, LocalSettings.FileName)}"
                : "as set in Access__AdminKey";
            Web.Configuration.AddInMemoryCollection(local);
            return SecretOptions.Read(new OptionsReader(Web.Configuration)).Keys;
        });
        Web.Services.AddSingleton<ServiceBusClient>(
            new LocalServiceBusClient(_folder.Broker, new FreeSpace(_folder.Database, minimumFreeSpace, _parts.Time))
        );
        if (Web.Configuration[LocalSettings.Tables] == LocalSettings.UseDataFolder)
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
            // A failed start is already reported when the process ends.
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
            var functions = methods.Select(runner.Load).ToList();
            HttpTrigger.Map(app, methods.Zip(functions));
            AdminEndpoints.Map(app, _folder, _parts.CommandLine.Demo);
            if (!_parts.CommandLine.Paused)
            {
                triggers.Listeners = new ListenerFactory(_folder, hostJson, app.Configuration, app.Services).Create(functions);
            }

            LogFunctions(methods, app.Configuration, app.Services.GetRequiredService<ILogger<LocalHostBuilder>>());
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

    private static long MinimumFreeSpace(IConfiguration settings) =>
        settings[MinimumFreeSpaceSetting] switch
        {
            null or "" => FreeSpace.DefaultMinimum,
            var text => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var bytes)
                ? bytes
                : throw new StartupException("LocalHost__MinimumFreeSpace must be a number of bytes."),
        };

    private static void LogFunctions(IEnumerable<FunctionMethod> functions, IConfiguration settings, ILogger logger)
    {
        foreach (var function in functions)
        {
            var isHttp = function.Route is not null;
            var trigger = isHttp ? function.Trigger : SettingReference.Resolve(function.Trigger, function.Name, settings);
            Log.Found(logger, function.Name, trigger);
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
        [LoggerMessage(LogLevel.Debug, "Found function {Function}: {Trigger}.")]
        public static partial void Found(ILogger logger, string function, string trigger);
    }
}
