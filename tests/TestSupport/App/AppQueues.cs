using System.Text.Json.Serialization;

namespace TestSupport.App;

/// <summary>How many messages a queue holds.</summary>
internal sealed record QueueCount(string Name, long Active, long Scheduled, long DeadLetters)
{
    [JsonIgnore]
    public bool IsEmpty => Active + Scheduled + DeadLetters == 0;
}

internal static class AppQueues
{
    /// <summary>All queues of the app.</summary>
    public static async Task<IReadOnlyList<QueueCount>> Of(Api admin) => (await admin.Get<QueuesResult>("/_servicebus")).Queues;

    private sealed record QueuesResult(IReadOnlyList<QueueCount> Queues);
}
