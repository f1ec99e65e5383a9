using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using System.Text.RegularExpressions;
using Azure.Data.Tables;
using EventSubscriptions.Storage;

namespace EventSubscriptions.Tests.Architecture;

/// <summary>
/// What the local host offers of the real packages. Each of its members is a line in the file <c>*.api.txt</c> of its package, and each line has been
/// compared with the package's published API: so a change of the surface is a decision, made by looking it up.
/// </summary>
public sealed class PackageApiTests
{
    private static readonly Assembly s_localHost = typeof(TableClient).Assembly;

    private static readonly Type[] s_types =
    [
        .. s_localHost.GetExportedTypes().Where(type => Regex.IsMatch(type.Namespace!, @"^(Azure|Microsoft)\.")).OrderBy(type => type.FullName, StringComparer.Ordinal),
    ];

    /// <summary>Dependencies of the packages that the app names.</summary>
    private static readonly string[] s_broughtByOthers = ["Microsoft.Azure.Functions.Worker.Core", "Microsoft.Azure.Functions.Worker.Extensions.Abstractions"];

    [Fact]
    public void Listed_is_what_exists()
    {
        var listed = Listings().SelectMany(file => file.Lines).ToList();
        var existing = s_types.SelectMany(PublicApi.Lines).ToList();

        var unlisted = existing.Except(listed, StringComparer.Ordinal).ToList();
        var missing = listed.Except(existing, StringComparer.Ordinal).ToList();

        Assert.True(
            unlisted.Count + missing.Count == 0,
            $"Look these up in the package's published API, then bring src/LocalHost/*/*.api.txt in line.{Lines("exists, not listed", unlisted)}{Lines("listed, doesn't exist", missing)}");
        Assert.Equal(listed.Count, listed.Distinct(StringComparer.Ordinal).Count());
    }

    [Fact]
    public void Lists_are_sorted() =>
        Assert.All(Listings(), file => Assert.Equal(file.Lines.Order(StringComparer.Ordinal), file.Lines));

    [Fact]
    public void Lists_are_of_the_versions_that_the_Azure_build_uses()
    {
        var pinned = Regex.Matches(File.ReadAllText(Repository.PathOf("Directory.Packages.props")), """Include="([^"]+)" Version="\[([^\]]+)\]" """.TrimEnd())
            .ToDictionary(match => match.Groups[1].Value, match => match.Groups[2].Value, StringComparer.Ordinal);

        Assert.All(Listings().Where(file => !s_broughtByOthers.Contains(file.Package)), file => Assert.Equal(pinned.GetValueOrDefault(file.Package), file.Version));
    }

    [Fact]
    public void Public_types_are_those_of_packages() =>
        Assert.Empty(s_localHost.GetExportedTypes().Except(s_types));

    [Fact]
    public void Every_member_is_used_by_the_app()
    {
        var used = UsedByApp();
        var unused = s_types.Where(type => !type.IsEnum && !typeof(Delegate).IsAssignableFrom(type))
            .SelectMany(type => PublicApi.Members(type).Where(member => !IsNeeded(member) && !Accessors(member).Any(used.Contains)))
            .Select(member => $"{member.DeclaringType!.FullName}.{PublicApi.Line(member)}").ToList();

        Assert.True(unused.Count == 0, $"What only tests or nobody uses has no place here.{Lines("unused", unused)}");
    }

    /// <summary>What the app's compiled code doesn't mention and needs nevertheless.</summary>
    private static bool IsNeeded(MemberInfo member) =>
        member.DeclaringType!.IsAssignableTo(typeof(Attribute)) // Mentioned in metadata only.
        || member is ConstructorInfo { IsFamily: true } // What lets a test derive from a client.
        || member.DeclaringType is { IsInterface: true } or { IsAbstract: true, IsSealed: false } // What it implements or is handed.
        || Implements(member);

    private static bool Implements(MemberInfo member)
    {
        var own = Accessors(member).ToList();
        return member.DeclaringType!.GetInterfaces().Any(one =>
            one.GetProperty(member.Name) is not null || member.DeclaringType.GetInterfaceMap(one).TargetMethods.Intersect(own.OfType<MethodInfo>()).Any());
    }

    private static IEnumerable<MethodBase> Accessors(MemberInfo member) => member switch
    {
        PropertyInfo property => property.GetAccessors(),
        MethodBase method => [method],
        _ => [],
    };

    /// <summary>The methods of the local host that the app's compiled code mentions.</summary>
    private static HashSet<MethodBase> UsedByApp()
    {
        var app = typeof(TableNames).Assembly;
        using var file = new PEReader(File.OpenRead(app.Location));
        var metadata = file.GetMetadataReader();
        return [.. metadata.MemberReferences.Select(handle => Resolve(app.ManifestModule, MetadataTokens(handle))).OfType<MethodBase>()
            .Select(method => method is MethodInfo { IsGenericMethod: true } generic ? generic.GetGenericMethodDefinition() : method)
            .Where(method => method.DeclaringType?.Assembly == s_localHost)];

        static int MetadataTokens(MemberReferenceHandle handle) => System.Reflection.Metadata.Ecma335.MetadataTokens.GetToken(handle);
    }

    private static MemberInfo? Resolve(Module module, int token)
    {
        try
        {
            return module.ResolveMember(token);
        }
        catch (ArgumentException)
        {
            // A member of a generic type that only has a meaning inside of it; the local host has none that the app calls so.
            return null;
        }
    }

    private static List<Listing> Listings() =>
    [
        .. Directory.EnumerateFiles(Repository.PathOf("src", "LocalHost"), "*.api.txt", SearchOption.AllDirectories).Select(path =>
        {
            var lines = File.ReadAllLines(path);
            var title = lines[0].Split(' ');
            Assert.Equal($"{title[0]}.api.txt", Path.GetFileName(path));
            return new Listing(title[0], title[1], lines[1..]);
        }),
    ];

    private static string Lines(string title, IReadOnlyCollection<string> lines) => string.Concat(lines.Select(line => $"{Environment.NewLine}  {title}: {line}"));

    private sealed record Listing(string Package, string Version, IReadOnlyList<string> Lines);
}
