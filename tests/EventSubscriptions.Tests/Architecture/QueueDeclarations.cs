using System.Text.Json;
using System.Xml;

namespace EventSubscriptions.Tests.Architecture;

/// <summary>A queue as one of the files under <c>infra</c> declares it.</summary>
internal sealed record QueueDeclaration(
    string Name,
    TimeSpan LockDuration,
    int MaxDeliveryCount,
    bool RequiresDuplicateDetection,
    TimeSpan? DuplicateDetectionWindow
);

internal static class QueueDeclarations
{
    /// <summary>What Azure and the local host create.</summary>
    public static IReadOnlyList<QueueDeclaration> ServiceBus()
    {
        using var file = Read("servicebus.json");
        return
        [
            .. file
                .RootElement.GetProperty("queues")
                .EnumerateArray()
                .Select(queue => new QueueDeclaration(
                    queue.GetProperty("name").GetString()!,
                    XmlConvert.ToTimeSpan(queue.GetProperty("lockDuration").GetString()!),
                    queue.GetProperty("maxDeliveryCount").GetInt32(),
                    queue.GetProperty("requiresDuplicateDetection").GetBoolean(),
                    queue.TryGetProperty("duplicateDetectionHistoryTimeWindow", out var window)
                        ? XmlConvert.ToTimeSpan(window.GetString()!)
                        : null
                )),
        ];
    }

    /// <summary>What the official emulator creates.</summary>
    public static IReadOnlyList<QueueDeclaration> Emulator()
    {
        using var file = Read("emulator.json");
        return
        [
            .. EmulatorQueues(file.RootElement)
                .Select(queue => (Queue: queue, Properties: queue.GetProperty("Properties")))
                .Select(one => new QueueDeclaration(
                    one.Queue.GetProperty("Name").GetString()!,
                    XmlConvert.ToTimeSpan(one.Properties.GetProperty("LockDuration").GetString()!),
                    one.Properties.GetProperty("MaxDeliveryCount").GetInt32(),
                    one.Properties.GetProperty("RequiresDuplicateDetection").GetBoolean(),
                    one.Properties.GetProperty("RequiresDuplicateDetection").GetBoolean()
                        ? XmlConvert.ToTimeSpan(one.Properties.GetProperty("DuplicateDetectionHistoryTimeWindow").GetString()!)
                        : null
                )),
        ];
    }

    /// <summary>How long the official emulator keeps a message.</summary>
    public static IReadOnlyList<TimeSpan> EmulatorTimesToLive()
    {
        using var file = Read("emulator.json");
        return
        [
            .. EmulatorQueues(file.RootElement)
                .Select(queue =>
                    XmlConvert.ToTimeSpan(queue.GetProperty("Properties").GetProperty("DefaultMessageTimeToLive").GetString()!)
                ),
        ];
    }

    private static JsonElement.ArrayEnumerator EmulatorQueues(JsonElement root) =>
        root.GetProperty("UserConfig").GetProperty("Namespaces").EnumerateArray().Single().GetProperty("Queues").EnumerateArray();

    private static JsonDocument Read(string name) => JsonDocument.Parse(File.ReadAllText(Repository.PathOf("infra", name)));
}
