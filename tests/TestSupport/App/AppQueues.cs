using System.Net;

namespace TestSupport.App;

/// <summary>How many messages a queue holds.</summary>
internal sealed record QueueCount(string Name, long Active, long Scheduled, long DeadLetters)
{
    public bool IsEmpty => Active + Scheduled + DeadLetters == 0;
}

internal static class AppQueues
{
    /// <summary>Every queue, asked of the app itself.</summary>
    public static async Task<IReadOnlyList<QueueCount>> Of(Api admin)
    {
        var answer = (await admin.Get("/_servicebus")).Expect(HttpStatusCode.OK).Json;
        return
        [
            .. answer["queues"]!
                .AsArray()
                .Select(queue => new QueueCount(
                    (string)queue!["name"]!,
                    (long)queue["active"]!,
                    (long)queue["scheduled"]!,
                    (long)queue["deadLetters"]!
                )),
        ];
    }
}
