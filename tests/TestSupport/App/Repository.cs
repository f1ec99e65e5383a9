using System.Reflection;

namespace TestSupport.App;

/// <summary>Where the working copy is that these tests were built from.</summary>
internal static class Repository
{
    public static string Root { get; } = Metadata("RepositoryRoot");

    /// <summary>The built app, of the same configuration as the tests.</summary>
    public static string AppProgram { get; } = Path.Combine(Root, Metadata("AppProgram"));

    /// <summary>The built sample of a receiver in C#.</summary>
    public static string SampleProgram { get; } = Path.Combine(Root, Metadata("SampleProgram"));

    public static string PathOf(params string[] parts) => Path.Combine([Root, .. parts]);

    private static string Metadata(string key) =>
        typeof(Repository).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(a => a.Key == key).Value!;
}
