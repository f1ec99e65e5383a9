using LocalHost.Triggers;
using Microsoft.Azure.Functions.Worker;

namespace LocalHost.Hosting;

/// <summary>What a person needs to know to begin. Its last line, <c>Ready on URL</c>, tells scripts that the host answers.</summary>
internal sealed class Banner(HostParts parts, IReadOnlyList<LocalFunction> functions, string? adminKey, bool adminKeyIsOurs)
{
    private const string PortalPath = "/portal";

    /// <param name="url">Where the app listens.</param>
    /// <param name="inbox">Where the demo's inbox is shown, or null.</param>
    public void Print(string url, Uri? inbox)
    {
        var width = functions.Count == 0 ? 0 : functions.Max(function => function.Name.Length);
        var output = parts.Output;
        output.WriteLine();
        output.WriteLine($"  URL        {url}");
        if (functions.Any(function => function.Trigger.StartsWith($"GET {PortalPath}", StringComparison.Ordinal)))
        {
            output.WriteLine($"  Portal     {url}{PortalPath}");
        }

        if (inbox is not null)
        {
            output.WriteLine($"  Inbox      {inbox}");
        }

        output.WriteLine($"  Data       {parts.CommandLine.DataDirectory}");
        output.WriteLine($"  Admin key  {(adminKeyIsOurs ? adminKey : "as set in Access__AdminKey")}");
        output.WriteLine();
        output.WriteLine("  Functions");
        foreach (var function in functions)
        {
            output.WriteLine($"    {function.Name.PadRight(width)}  {function.Trigger}");
        }

        output.WriteLine();
        if (Example() is { } path)
        {
            output.WriteLine("  Try");
            output.WriteLine($"    curl -H 'x-api-key: {(adminKeyIsOurs ? adminKey : "…")}' {url}{path}");
            output.WriteLine();
        }

        output.WriteLine($"Ready on {url}");
        output.Flush();
    }

    /// <summary>A GET that needs nothing but a key.</summary>
    private string? Example() => functions
        .Where(function => function.Binding is HttpTriggerAttribute && function.Trigger.StartsWith("GET /", StringComparison.Ordinal))
        .Select(function => function.Trigger["GET ".Length..])
        .FirstOrDefault(path => !path.Contains('{', StringComparison.Ordinal));
}
