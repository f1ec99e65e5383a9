namespace EventSubscriptions.Telemetry;

/// <summary>The app's version as others see it.</summary>
internal static class AppVersion
{
    /// <summary>Three numbers with points between them.</summary>
    public static string Text { get; } = typeof(AppVersion).Assembly.GetName().Version?.ToString(3) ?? "0.0.0";
}
