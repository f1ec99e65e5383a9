using System.Globalization;
using System.Net;

namespace LocalHost.Hosting;

/// <summary>The command line. Everything else is a setting from an environment variable.</summary>
internal sealed record CommandLine
{
    public const string Usage = """
        Event Subscriptions, on the local host: delivers events as webhooks, with all state in one folder.

        Usage: LocalHost [options]
               LocalHost backup DIR [--data DIR]

        Options:
          --port N      the port to listen on, 0 for any free one (default 7071)
          --host ADDR   the address to listen on, 0.0.0.0 or * for all (default 127.0.0.1)
          --data DIR    the folder that keeps the state (default .data)
          --demo        also open an inbox that receives webhooks on the next port, subscribe it,
                        and publish one event every second
          --paused      serve requests, but deliver only test events and run no timers: for a restored backup
          --version     show the version and exit
          --help        show this text and exit

        backup copies the state of the folder, of a running app too, to a new folder DIR.

        Settings are environment variables; a double underscore separates sections, as in
        Deliveries__Deadline=00:00:10 or Logging__LogLevel__Default=Debug.
        """;

    /// <summary>0 for any free port.</summary>
    public int Port { get; private init; } = 7071;

    public IPAddress Address { get; private init; } = IPAddress.Loopback;

    /// <summary>A full path.</summary>
    public string DataDirectory { get; private init; } = Path.GetFullPath(".data");

    /// <summary>Whether to run the demo.</summary>
    public bool Demo { get; private init; }

    /// <summary>Whether queues and timers are paused.</summary>
    public bool Paused { get; private init; }

    public bool Help { get; private init; }

    public bool Version { get; private init; }

    /// <summary>The full path to back up the data folder to; null to run the app.</summary>
    public string? BackupDirectory { get; private init; }

    /// <exception cref="StartupException">An option is unknown, or its value is missing or not valid.</exception>
    public static CommandLine Parse(IReadOnlyList<string> args)
    {
        var result = new CommandLine();
        for (var i = 0; i < args.Count; i++)
        {
            var equals = args[i].StartsWith("--", StringComparison.Ordinal) ? args[i].IndexOf('=', StringComparison.Ordinal) : -1;
            var name = equals < 0 ? args[i] : args[i][..equals];
            if (name is "--help" or "-h" or "-?")
            {
                return result with { Help = true };
            }

            if (ParseSwitch(result, args[i]) is { } next)
            {
                result = next;
                continue;
            }

            if (name is not ("--port" or "--host" or "--data" or "backup"))
            {
                throw new StartupException($"Unknown option {name}. --help lists all options.", StartupException.InvalidUsage);
            }

            var value =
                equals >= 0 ? args[i][(equals + 1)..]
                : ++i < args.Count ? args[i]
                : "";
            result = name switch
            {
                "--port" => result with { Port = ParsePort(value) },
                "--host" => result with { Address = ParseAddress(value) },
                "backup" => result with { BackupDirectory = ParseDirectory("backup", value) },
                _ => result with { DataDirectory = ParseDirectory("--data", value) },
            };
        }

        return result;
    }

    private static CommandLine? ParseSwitch(CommandLine line, string argument) =>
        argument switch
        {
            "--demo" => line with { Demo = true },
            "--paused" => line with { Paused = true },
            "--version" => line with { Version = true },
            _ => null,
        };

    private static int ParsePort(string value) =>
        int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port <= IPEndPoint.MaxPort
            ? port
            : throw InvalidValue("--port", $"a number from 0 to {IPEndPoint.MaxPort}", value);

    private static IPAddress ParseAddress(string value) =>
        value switch
        {
            "localhost" => IPAddress.Loopback,
            "*" => IPAddress.Any,
            _ => IPAddress.TryParse(value, out var address) ? address : throw InvalidValue("--host", "an IP address", value),
        };

    private static string ParseDirectory(string option, string value) =>
        value.Length > 0 ? Path.GetFullPath(value) : throw InvalidValue(option, "a folder", value);

    private static StartupException InvalidValue(string option, string expected, string value) =>
        new($"{option} requires {expected}{(value.Length == 0 ? "" : $", not '{value}'")}.", StartupException.InvalidUsage);
}
