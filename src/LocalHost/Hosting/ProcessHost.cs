using System.Reflection;
using LocalHost.Functions;
using Microsoft.Azure.Functions.Worker.Builder;
using Microsoft.Extensions.Options;

namespace LocalHost.Hosting;

/// <summary>The host as a program: a failure that a person can mend is a message and an exit code, not a stack trace.</summary>
internal static class ProcessHost
{
    public static FunctionsApplicationBuilder CreateBuilder(string[] args, Assembly assembly)
    {
        AppDomain.CurrentDomain.UnhandledException += (_, e) => ExitIfExpected((Exception)e.ExceptionObject);
        try
        {
            var commandLine = CommandLine.Parse(args);
            if (commandLine.Help)
            {
                Console.Out.WriteLine(CommandLine.Usage);
                Environment.Exit(0);
            }

            var parts = new HostParts(commandLine, [.. FunctionDiscovery.TypesOf(assembly)]) { ApplicationName = assembly.GetName().Name! };
            return new FunctionsApplicationBuilder(new LocalHostBuilder(parts));
        }
        catch (Exception e)
        {
            ExitIfExpected(e);
            throw;
        }
    }

    private static void ExitIfExpected(Exception exception)
    {
        var (message, code) = exception switch
        {
            StartupException startup => (startup.Message, startup.ExitCode),
            OptionsValidationException options => (options.Message, StartupException.Failed),
            _ => ("", 0),
        };
        if (code != 0)
        {
            Console.Error.WriteLine(message);
            Environment.Exit(code);
        }
    }
}
