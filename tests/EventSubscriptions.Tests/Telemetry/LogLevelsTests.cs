using EventSubscriptions.Telemetry;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace EventSubscriptions.Tests.Telemetry;

public sealed class LogLevelsTests
{
    [Theory]
    [InlineData("System.Net.Http.HttpClient.CallInvokerExtractor.LogicalHandler", LogLevel.Warning)]
    [InlineData("Microsoft.AspNetCore.Hosting.Diagnostics", LogLevel.Warning)]
    [InlineData("Azure.Core", LogLevel.Warning)]
    [InlineData("EventSubscriptions.Deliveries.DeliverFunction", LogLevel.Information)]
    [InlineData("Function.DeliverFunction.User", LogLevel.Information)]
    public void Default_levels_are_information_for_the_app_and_warning_for_libraries(string category, LogLevel least) =>
        Assert.Equal(least, Least(category, settingsFirst: true));

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Settings_override_the_default_levels(bool settingsFirst)
    {
        Assert.Equal(LogLevel.Information, Least("System.Net.Http", settingsFirst, ("System", "Information")));
        Assert.Equal(LogLevel.Debug, Least("Azure.Core", settingsFirst, ("Azure.Core", "Debug")));
        Assert.Equal(LogLevel.Error, Least("Microsoft.AspNetCore", settingsFirst, ("Microsoft", "Error")));
    }

    private static LogLevel Least(string category, bool settingsFirst, params (string Category, string Level)[] levels)
    {
        var settings = new ConfigurationBuilder()
            .AddInMemoryCollection(levels.Select(level => KeyValuePair.Create($"LogLevel:{level.Category}", (string?)level.Level)))
            .Build();
        var services = new ServiceCollection();
        if (!settingsFirst)
        {
            services.AddDefaultLogLevels();
        }

        services.AddLogging(logging => logging.AddConfiguration(settings).AddProvider(new Listener()));
        if (settingsFirst)
        {
            services.AddDefaultLogLevels();
        }

        using var provider = services.BuildServiceProvider();
        var logger = provider.GetRequiredService<ILoggerFactory>().CreateLogger(category);
        return Enum.GetValues<LogLevel>().First(logger.IsEnabled);
    }

    private sealed class Listener : ILoggerProvider
    {
        public ILogger CreateLogger(string categoryName) => new RecordingLogger<Listener>();

        public void Dispose() { }
    }
}
