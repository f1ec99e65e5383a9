using EventSubscriptions;
using EventSubscriptions.Options;
using LocalHost.Functions;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;

namespace LocalHost.Hosting;

/// <summary>Runs the host as a process. A failure that a person can fix gives a message and an exit code, not a stack trace.</summary>
internal static class ProcessHost
{
    public static async Task<int> RunAsync(string[] args)
    {
        try
        {
            var commandLine = CommandLine.Parse(args);
            if (commandLine.Help)
            {
                await Console.Out.WriteLineAsync(CommandLine.Usage);
                return 0;
            }

            if (commandLine.Version)
            {
                await Console.Out.WriteLineAsync($"Event Subscriptions {HostParts.Version}");
                return 0;
            }

            if (commandLine.BackupDirectory is not null)
            {
                await Backup.RequestAsync(commandLine, new ConfigurationBuilder().AddEnvironmentVariables().Build());
                await Console.Out.WriteLineAsync($"Backed up {commandLine.DataDirectory} to {commandLine.BackupDirectory}.");
                return 0;
            }

            var builder = new LocalHostBuilder(
                new HostParts(commandLine, [.. FunctionDiscovery.TypesOf(typeof(EventSubscriptionsApp).Assembly)])
            );
            builder.AddEventSubscriptions();
            await using var host = builder.Build();
            host.Services.CheckSettings();
            await host.RunAsync();
            return 0;
        }
        catch (StartupException exception)
        {
            await Console.Error.WriteLineAsync(exception.Message);
            return exception.ExitCode;
        }
        catch (InvalidSettingsException exception)
        {
            await Console.Error.WriteLineAsync(exception.Message);
            return StartupException.Failed;
        }
    }
}
