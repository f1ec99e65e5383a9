using Azure.Messaging.ServiceBus;
using EventSubscriptions.Queues;
using EventSubscriptions.Tests.Scenarios.Harness;
using LocalHost;
using LocalHost.ServiceBus;

namespace EventSubscriptions.Tests.Scenarios;

/// <summary>What an event and a delivery cost: operations on tables and queues, as docs/deploying.md states them.</summary>
public sealed class CostScenarios
{
    private const int Burst = 200;

    [Fact]
    public async Task Operations_are_as_documented()
    {
        await using var azurite = await AzuriteServer.StartAsync();
        await using var proxy = await CountingProxy.Start(azurite);
        await using var receiver = await Receiver.Start();
        await using var app = await AppProcess.Start(("Tables", proxy.Through(azurite)), ("Deliveries__RetrySchedule", "00:00:00.200"));
        var (one, other) = (Organization.New(app), Organization.New(app));
        var (steady, failing) = (receiver.NewHook(), receiver.NewHook().Responds(200, 500, 200));
        await one.Subscribe(steady, Some.CaseEvent);
        await other.Subscribe(failing, Some.CaseEvent);
        await one.PublishCase();
        await other.PublishCase();
        await Quiet(app, steady, 1);
        await Quiet(app, failing, 1);

        var alone = await CountOf(
            proxy,
            async () =>
            {
                await one.PublishCase();
                await Quiet(app, steady, 2);
            }
        );
        Assert.Equal(["transaction deliverylog 1", "transaction eventarchive 1"], Writes(alone));
        Assert.InRange(Reads(alone), 1, 3);

        var burst = await CountOf(
            proxy,
            async () =>
            {
                await one.PublishCases(Burst, "burst");
                await Quiet(app, steady, 2 + Burst);
            }
        );
        Assert.Equal(Burst, burst["transaction eventarchive"]);
        Assert.InRange(
            burst.Where(count => count.Key.EndsWith(" deliverylog", StringComparison.Ordinal)).Sum(count => count.Value),
            1,
            Burst / 2
        );

        var retried = await CountOf(
            proxy,
            async () =>
            {
                await other.PublishCase();
                await Quiet(app, failing, 3);
            }
        );
        Assert.Equal(
            ["transaction deliverylog 2", "transaction eventarchive 1", "write auditlog 1", "write subscriptions 2"],
            Writes(retried)
        );
        Assert.Equal(1, retried["read eventarchive"]);

        await app.Stop();
        var sent = await Sent(app.Folder);
        Assert.Equal(4 + Burst, sent[QueueNames.Events]);
        // Each delivery, and the retry: once, and once more when it was due, unless it was due by the time it was stored. A burst that the
        // receiver can't take at once adds to it.
        Assert.InRange(sent[QueueNames.Deliveries], 4 + Burst + 1, 10 * Burst);
        Assert.Equal(0, sent[QueueNames.Replays]);
    }

    /// <summary>A slow Azurite must not make operations seem dear.</summary>
    [Fact]
    public async Task Operation_that_the_client_repeats_counts_once()
    {
        await using var proxy = await CountingProxy.Start(await AzuriteServer.SharedAsync());
        using var client = new HttpClient(new SocketsHttpHandler { UseProxy = false });
        foreach (var id in (string[])["first", "first", "second"])
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, $"http://127.0.0.1:{proxy.Port}/devstoreaccount1/table()")
            {
                Headers = { { "x-ms-client-request-id", id } },
            };
            (await client.SendAsync(request)).Dispose();
        }

        Assert.Equal(2, proxy.Counts["read table"]);
    }

    private static async Task<IReadOnlyDictionary<string, int>> CountOf(CountingProxy proxy, Func<Task> act)
    {
        proxy.Reset();
        await act();

        // These are read and written every few seconds, however many events there are.
        return proxy
            .Counts.Where(count => !count.Key.EndsWith(" statistics", StringComparison.Ordinal))
            .Where(count => !count.Key.EndsWith(" eventtypes", StringComparison.Ordinal))
            .ToDictionary(count => count.Key, count => count.Value, StringComparer.Ordinal);
    }

    private static IEnumerable<string> Writes(IReadOnlyDictionary<string, int> counts) =>
        counts.Where(count => !IsRead(count.Key)).Select(count => $"{count.Key} {count.Value}");

    private static int Reads(IReadOnlyDictionary<string, int> counts) => counts.Where(count => IsRead(count.Key)).Sum(count => count.Value);

    private static bool IsRead(string operation) => operation.StartsWith("read ", StringComparison.Ordinal);

    private static async Task Quiet(AppProcess app, Hook hook, int count)
    {
        await hook.Received(count);
        await Eventually.QueuesAreEmpty(app);
    }

    /// <summary>How many messages each queue has ever taken: the next one's number tells.</summary>
    private static async Task<Dictionary<string, long>> Sent(string folder)
    {
        using var data = DataFolder.Open(folder, TimeProvider.System);
        await using var client = new LocalServiceBusClient(data.Broker);
        var sent = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (var queue in (string[])[QueueNames.Events, QueueNames.Deliveries, QueueNames.Replays])
        {
            await using var sender = client.CreateSender(queue);
            await sender.SendMessageAsync(new ServiceBusMessage());
            sent[queue] = data.Broker.GetQueue(queue).Receive(10).Single().SequenceNumber - 1;
        }

        return sent;
    }
}
