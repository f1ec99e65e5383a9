namespace EventSubscriptions.Telemetry;

/// <summary>The public version of the app.</summary>
internal static class AppVersion
{
    /// <summary>Three numbers separated by dots.</summary>
    public static string Text { get; } = typeof(AppVersion).Assembly.GetName().Version?.ToString(3) ?? "0.0.0";
}
