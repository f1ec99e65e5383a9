namespace LocalHost.Hosting;

/// <summary>The host can't start, for a reason that the person who starts it can fix. The message says how.</summary>
internal sealed class StartupException(string message, int exitCode = StartupException.Failed) : Exception(message)
{
    public const int Failed = 1;
    public const int InvalidUsage = 2;

    public int ExitCode { get; } = exitCode;
}
