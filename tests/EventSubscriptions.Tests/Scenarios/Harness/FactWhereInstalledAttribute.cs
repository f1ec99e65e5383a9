namespace EventSubscriptions.Tests.Scenarios.Harness;

/// <summary>A test that needs a program which not every machine has, and is skipped where it is missing.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class FactWhereInstalledAttribute : FactAttribute
{
    public FactWhereInstalledAttribute(string program)
    {
        var folders = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator);
        if (!folders.Any(folder => File.Exists(Path.Combine(folder, program))))
        {
            Skip = $"{program} is not installed.";
        }
    }
}
