namespace EventSubscriptions.Portal.Tests.Harness;

/// <summary>One browser for the whole test assembly. It ends with the test process, however that ends.</summary>
internal static class Chromium
{
    /// <summary>In milliseconds. Only a failing test waits that long.</summary>
    public const int Patience = 60_000;

    private static readonly string[] s_programs = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"];
    private static readonly Lazy<Task<IBrowser>> s_browser = new(LaunchAsync);

    public static Task<IBrowser> Shared => s_browser.Value;

    private static async Task<IBrowser> LaunchAsync()
    {
        Assertions.SetDefaultExpectTimeout(Patience);
        var playwright = await Playwright.CreateAsync();
        return await playwright.Chromium.LaunchAsync(new() { ExecutablePath = Find(), Args = ["--no-sandbox"] });
    }

    private static string Find()
    {
        var folders = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator);
        return s_programs.SelectMany(program => folders.Select(folder => Path.Combine(folder, program))).FirstOrDefault(File.Exists)
            ?? throw new InvalidOperationException(
                "Chromium is needed by the portal's tests: install it (Debian: apt-get install chromium), so that 'chromium' is on the PATH."
            );
    }
}
