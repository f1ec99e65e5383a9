using System.Text.RegularExpressions;

namespace EventSubscriptions.Tests.Architecture;

/// <summary>
/// Which module may use which. A module is a folder of <c>src/EventSubscriptions</c> with its sub-folders; what it uses is read from its
/// using directives, which the compiler keeps free of unused ones (IDE0005).
/// </summary>
public sealed partial class ModuleTests
{
    private const string Root = "EventSubscriptions";

    private static readonly string[] s_shared =
    [
        "Options",
        "Telemetry",
        "Organizations",
        "Secrets",
        "Storage",
        "Http",
        "Queues",
        "Destinations",
        "Events.Shared",
        "Audit",
    ];

    /// <summary>The allowed arrows. A module may use only modules above it, so there is no cycle.</summary>
    private static readonly (string Module, string[] MayUse)[] s_arrows =
    [
        // Shared by all capabilities.
        ("Options", []),
        ("Telemetry", ["Options"]),
        ("Organizations", ["Options"]),
        ("Secrets", ["Options"]),
        ("Storage", ["Options", "Secrets"]),
        ("Http", ["Options", "Telemetry", "Organizations", "Storage"]),
        ("Queues", ["Options", "Telemetry", "Storage"]),
        ("Destinations", ["Options", "Organizations"]),
        ("Events.Shared", ["Options", "Telemetry", "Organizations", "Secrets", "Storage", "Http"]),
        ("Audit", ["Options", "Organizations", "Storage", "Http", "Events.Shared"]),
        // Capabilities.
        ("Access", s_shared),
        ("Subscriptions", s_shared),
        ("Deliveries", [.. s_shared, "Subscriptions"]),
        ("Events", [.. s_shared, "Subscriptions", "Deliveries"]),
        ("Replays", [.. s_shared, "Subscriptions", "Deliveries", "Events"]),
        ("Relay", [.. s_shared, "Events"]),
        // These look at everything.
        ("Retention", [.. s_shared, "Subscriptions", "Deliveries", "Events", "Replays", "Relay"]),
        ("Health", [.. s_shared, "Subscriptions", "Deliveries", "Events", "Replays", "Relay"]),
        ("OpenApi", [.. s_shared, "Access", "Subscriptions", "Deliveries", "Events", "Replays", "Relay", "Health"]),
        ("Portal", s_shared),
    ];

    [Fact]
    public void Modules_use_only_what_the_table_allows()
    {
        var folder = Repository.PathOf("src", Root);
        var arrows = Directory
            .EnumerateFiles(folder, "*.cs", SearchOption.AllDirectories)
            .Where(file => !IsOutput().IsMatch(Path.GetRelativePath(folder, file)))
            // It registers both parts of Events.
            .Where(file => Path.GetFileName(file) != "EventsServices.cs")
            .SelectMany(file => ArrowsOf(File.ReadAllText(file)))
            .Distinct()
            .ToList();

        Assert.True(arrows.Count > 50, $"Only {arrows.Count} arrows were found.");
        Assert.Empty(arrows.Where(arrow => !IsAllowed(arrow)).Select(arrow => $"{arrow.From} uses {arrow.To}"));
    }

    [Fact]
    public void Table_names_existing_modules_only()
    {
        var folders = Directory
            .EnumerateDirectories(Repository.PathOf("src", Root))
            .Select(Path.GetFileName)
            .Except(["bin", "obj"])
            .Order();

        Assert.Equal(folders, s_arrows.Select(arrow => arrow.Module).Where(module => module != "Events.Shared").Order());
    }

    [Fact]
    public void Table_has_no_cycle()
    {
        for (var i = 0; i < s_arrows.Length; i++)
        {
            Assert.Subset(s_arrows[..i].Select(arrow => arrow.Module).ToHashSet(), s_arrows[i].MayUse.ToHashSet());
        }
    }

    [Theory]
    [InlineData("using EventSubscriptions.Deliveries.Log;\n\nnamespace EventSubscriptions.Subscriptions;", false)]
    [InlineData("using EventSubscriptions.Events.FanOut;\n\nnamespace EventSubscriptions.Events.Archive;", false)]
    [InlineData("using EventSubscriptions.Subscriptions;\n\nnamespace EventSubscriptions.Audit;", false)]
    [InlineData("using EventSubscriptions.Events.FanOut;\n\nnamespace EventSubscriptions.Deliveries.Sending;", false)]
    [InlineData("using EventSubscriptions.Events.Archive;\n\nnamespace EventSubscriptions.Deliveries;", true)]
    [InlineData("using EventSubscriptions.Deliveries.Outcome;\n\nnamespace EventSubscriptions.Deliveries.Log;", true)]
    public void Dependency_is_allowed_only_if_the_table_has_it(string source, bool isAllowed)
    {
        Assert.Equal(isAllowed, IsAllowed(Assert.Single(ArrowsOf(source))));
    }

    private static IEnumerable<(string From, string To)> ArrowsOf(string source)
    {
        var home = ModuleOf(Namespace().Match(source).Groups["name"].Value);
        return home is null ? [] : Using().Matches(source).Select(match => (home, ModuleOf(match.Groups["name"].Value)!));
    }

    private static bool IsAllowed((string From, string To) arrow) =>
        arrow.From == arrow.To || Array.Exists(s_arrows, line => line.Module == arrow.From && line.MayUse.Contains(arrow.To));

    /// <summary>
    /// The module of a namespace, or null for the app itself. The catalogue, the archive, ids and payloads of events are shared.
    /// </summary>
    private static string? ModuleOf(string name) =>
        name.Split('.') switch
        {
            [Root] => null,
            [Root, "Events"] or [Root, "Events", "Catalogue" or "Archive"] => "Events.Shared",
            [Root, var module, ..] => module,
            _ => throw new InvalidOperationException($"{name} is not a namespace of {Root}."),
        };

    [GeneratedRegex(@"(^|[/\\])(obj|bin)[/\\]")]
    private static partial Regex IsOutput();

    [GeneratedRegex(@"^namespace (?<name>[\w.]+);", RegexOptions.Multiline)]
    private static partial Regex Namespace();

    [GeneratedRegex(@"^using (?<name>EventSubscriptions\.[\w.]+);", RegexOptions.Multiline)]
    private static partial Regex Using();
}
