using System.Text.Json;

namespace EventSubscriptions.Portal.Tests.Harness;

/// <summary>The rules of axe-core, which come from WCAG 2.2 AA and from good practice.</summary>
internal static class Axe
{
    private static readonly Lazy<string> s_script = new(() =>
    {
        var path = Repository.PathOf("tests", "tools", "AxeCore", "node_modules", "axe-core", "axe.min.js");
        return File.Exists(path)
            ? File.ReadAllText(path)
            : throw new InvalidOperationException($"{path} is missing: run ./test once, or npm ci in tests/tools/AxeCore.");
    });

    /// <summary>What a page breaks as it is now.</summary>
    public static async Task<string[]> Violations(IPage page)
    {
        if (!await page.EvaluateAsync<bool>("'axe' in window"))
        {
            await page.EvaluateAsync(s_script.Value);
        }

        var result = await page.EvaluateAsync<JsonElement>(
            "axe.run(document, { resultTypes: ['violations'], rules: { 'target-size': { enabled: true } } })"
        );
        return
        [
            .. result
                .GetProperty("violations")
                .EnumerateArray()
                .SelectMany(rule =>
                    rule.GetProperty("nodes")
                        .EnumerateArray()
                        .Select(node => $"{rule.GetProperty("id")} {node.GetProperty("html")} {node.GetProperty("failureSummary")}")
                ),
        ];
    }
}
