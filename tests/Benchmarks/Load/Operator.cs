using System.Diagnostics;
using System.Net;
using System.Text;
using TestSupport.App;

namespace Benchmarks.Load;

/// <summary>What the load test does at the app: subscribe and publish in one organization, and ask how full the queues are.</summary>
internal sealed class Operator(AppProcess app, int organization)
{
    public const string EventName = "CaseArchivedEvent";
    public const string OtherEventName = "CaseClosedEvent";
    private const int EventsInOneRequest = 1000;
    private const int ParallelRequests = 32;

    private readonly Api _api = app.AsAdmin();
    private readonly string _path = $"/api/organizations/{organization}";

    public Task Subscribe(int count, Uri url, string eventName = EventName, object? filterOfHalf = null) =>
        Parallel.ForEachAsync(
            Enumerable.Range(0, count),
            new ParallelOptions { MaxDegreeOfParallelism = ParallelRequests },
            async (number, _) =>
            {
                var subscription = new SubscriptionRequest($"Load {number}", url.OriginalString, "token-of-the-load-test", [eventName])
                {
                    Filter = number % 2 == 0 ? filterOfHalf : null,
                };
                (await _api.Post($"{_path}/subscriptions", subscription)).Expect(HttpStatusCode.Created);
            }
        );

    /// <summary>Publishes events in as few requests as it takes.</summary>
    public async Task Publish(int count)
    {
        for (var from = 0; from < count; from += EventsInOneRequest)
        {
            var events = Enumerable.Range(from, Math.Min(EventsInOneRequest, count - from)).Select(Event);
            (await _api.Send(HttpMethod.Post, $"{_path}/events", $"[{string.Join(',', events)}]")).Expect(HttpStatusCode.Accepted);
        }
    }

    /// <summary>Publishes one event, and returns its id and when it was accepted.</summary>
    public async Task<(string Id, long AcceptedAt)> PublishOne(int number)
    {
        var response = await _api.Send(HttpMethod.Post, $"{_path}/events", Event(number));
        var acceptedAt = Stopwatch.GetTimestamp();
        return (response.Expect(HttpStatusCode.Accepted).Read<PublishResult>().Ids[0], acceptedAt);
    }

    /// <summary>How many deliveries the queue holds, under way or waiting.</summary>
    public async Task<long> Waiting() => (await AppQueues.Of(_api)).Single(queue => queue.Name == "deliveries").Active;

    /// <summary>The payload that a receiver gets for an event, for the raw limit to send the same.</summary>
    public static byte[] PayloadOf(int organization, int number) =>
        Encoding.UTF8.GetBytes($$"""{"eventName":"{{EventName}}","organizationId":{{organization}},"data":{{Data(number)}}}""");

    private static string Event(int number) => $$"""{"eventName":"{{EventName}}","data":{{Data(number)}}}""";

    private static string Data(int number) =>
        $$"""{"id":"case-{{number}}","name":"A case of about the length that names of cases have","description":"{{new string('x', 256)}}"}""";
}
