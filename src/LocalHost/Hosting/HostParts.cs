using Microsoft.Extensions.Configuration;

namespace LocalHost.Hosting;

/// <summary>What a host is made of. Tests replace what a process has only once.</summary>
internal sealed record HostParts(CommandLine CommandLine, IReadOnlyList<Type> FunctionTypes)
{
    /// <summary>The product's version: three numbers.</summary>
    public static string Version { get; } = typeof(HostParts).Assembly.GetName().Version!.ToString(3);

    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Replaces the environment variables.</summary>
    public IConfiguration? Settings { get; init; }

    public string HostJson { get; init; } = Path.Combine(AppContext.BaseDirectory, "host.json");

    public TextWriter Output { get; init; } = Console.Out;

    /// <summary>How long running invocations may take when the host stops.</summary>
    public TimeSpan DrainTime { get; init; } = TimeSpan.FromSeconds(10);
}
