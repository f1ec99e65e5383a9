using System.Diagnostics;
using System.Text.Json;

namespace EventSubscriptions.Tests.Infrastructure;

/// <summary>
/// What the files under <c>infra</c> declare and use, as a published parser of Bicep (tree-sitter) reads them. It knows the syntax, not the
/// types of resources.
/// </summary>
internal static class BicepFiles
{
    private static readonly Lazy<Task<IReadOnlyDictionary<string, BicepFile>>> s_files = new(Parse);

    /// <summary>All of them by name.</summary>
    public static Task<IReadOnlyDictionary<string, BicepFile>> All() => s_files.Value;

    public static async Task<BicepFile> Read(string name) => (await All())[name];

    /// <summary>As they are written.</summary>
    public static Task<string> Text(string name) => File.ReadAllTextAsync(Repository.PathOf("infra", name));

    private static async Task<IReadOnlyDictionary<string, BicepFile>> Parse()
    {
        var folder = Repository.PathOf("tests", "tools", "Bicep");
        if (!Directory.Exists(Path.Combine(folder, "node_modules", "tree-sitter-bicep")))
        {
            throw new InvalidOperationException(
                "The parser of Bicep is not installed. Run ./test at the top of the repository: it installs what the tests need."
            );
        }

        using var process = Process.Start(
            new ProcessStartInfo("node", ["model.mjs", Repository.PathOf("infra")])
            {
                WorkingDirectory = folder,
                UseShellExecute = false,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            }
        )!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return process.ExitCode == 0
            ? JsonSerializer.Deserialize<Dictionary<string, BicepFile>>(output, JsonSerializerOptions.Web)!
            : throw new InvalidOperationException($"The Bicep files could not be read: {await errors}");
    }
}

/// <param name="Errors">What is not Bicep.</param>
/// <param name="Variables">Each with the keys of its object, or the texts of its array.</param>
/// <param name="References">The identifiers that expressions use.</param>
/// <param name="Loaded">The JSON files it reads.</param>
internal sealed record BicepFile(
    IReadOnlyList<string> Errors,
    IReadOnlyList<BicepParam> Params,
    IReadOnlyDictionary<string, IReadOnlyList<string>> Variables,
    IReadOnlyList<string> Outputs,
    IReadOnlyList<BicepModule> Modules,
    IReadOnlyList<BicepResource> Resources,
    IReadOnlyList<string> References,
    IReadOnlyList<BicepOutputReference> OutputReferences,
    IReadOnlyList<string> Loaded
);

internal sealed record BicepParam(string Name, bool Required);

internal sealed record BicepModule(string Name, string Path, IReadOnlyList<string> Params);

/// <param name="Type">With the API version.</param>
/// <param name="Properties">The keys of <c>properties</c>.</param>
internal sealed record BicepResource(string Name, string Type, bool Existing, IReadOnlyList<string> Properties);

internal sealed record BicepOutputReference(string Module, string Output);
