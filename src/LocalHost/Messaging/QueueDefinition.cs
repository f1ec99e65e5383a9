using System.Text.Json;
using System.Xml;

namespace LocalHost.Messaging;

/// <summary>A queue as declared in <c>servicebus.json</c>, which the deployment uses too.</summary>
internal sealed record QueueDefinition(
    string Name,
    TimeSpan LockDuration,
    int MaxDeliveryCount,
    bool RequiresDuplicateDetection,
    TimeSpan DuplicateDetectionHistoryTimeWindow
)
{
    /// <summary>The maximum number of messages in memory before they are received.</summary>
    public int ReadAhead { get; init; } = 1000;

    /// <summary>The file next to the program.</summary>
    public static string DefaultFile => Path.Combine(AppContext.BaseDirectory, "servicebus.json");

    public static IReadOnlyList<QueueDefinition> Load(string file)
    {
        using var document = JsonDocument.Parse(File.ReadAllBytes(file));
        return [.. document.RootElement.GetProperty("queues").EnumerateArray().Select(Read)];
    }

    // Defaults are those of Service Bus.
    private static QueueDefinition Read(JsonElement queue) =>
        new(
            queue.GetProperty("name").GetString()!,
            Duration(queue, "lockDuration") ?? TimeSpan.FromMinutes(1),
            queue.TryGetProperty("maxDeliveryCount", out var count) ? count.GetInt32() : 10,
            queue.TryGetProperty("requiresDuplicateDetection", out var required) && required.GetBoolean(),
            Duration(queue, "duplicateDetectionHistoryTimeWindow") ?? TimeSpan.FromMinutes(10)
        );

    private static TimeSpan? Duration(JsonElement queue, string name) =>
        queue.TryGetProperty(name, out var value) ? XmlConvert.ToTimeSpan(value.GetString()!) : null;
}
