using System.Text.Json;
using LocalHost.Messaging;
using LocalHost.Tests.Messaging;
using LocalHost.Triggers;
using Microsoft.AspNetCore.Http;

namespace LocalHost.Tests.Triggers;

public sealed class QueueCountsTests : IDisposable
{
    private const string AdminKey = "the-admin-key-of-at-least-32-characters";

    private readonly TestBroker _broker = new();

    public void Dispose() => _broker.Dispose();

    [Fact]
    public async Task Messages_are_counted_by_state()
    {
        Assert.True(_broker.Broker.TryGetEntity("plain", out var entity));
        using (var batch = OutgoingBatch.Of(TestBroker.Message("given up"), TestBroker.Message("under way"), TestBroker.Message("ready")))
        {
            await entity.SendAsync(batch);
        }

        using (var later = OutgoingBatch.Of(new NewMessage { ScheduledEnqueueTime = _broker.Time.GetUtcNow().AddHours(1) }))
        {
            await entity.SendAsync(later);
        }

        var received = await _broker.Queue.ReceiveAsync(2, CancellationToken.None);
        await _broker.Queue.DeadLetterAsync(received[0].LockToken, "reason", null);

        var counts = (await GetAsync(AdminKey))
            .Json.GetProperty("queues")
            .EnumerateArray()
            .Single(one => one.GetProperty("name").GetString() == "plain");
        Assert.Equal(2, counts.GetProperty("active").GetInt32());
        Assert.Equal(1, counts.GetProperty("scheduled").GetInt32());
        Assert.Equal(1, counts.GetProperty("deadLetters").GetInt32());
    }

    [Fact]
    public async Task Counts_are_refused_without_the_admin_key() => Assert.Equal(401, (await GetAsync("another key")).Status);

    private async Task<(int Status, JsonElement Json)> GetAsync(string key)
    {
        var context = new DefaultHttpContext();
        context.Request.Headers["x-api-key"] = key;
        using var response = new MemoryStream();
        context.Response.Body = response;
        await QueueCounts.HandleAsync(context, _broker.Broker, AdminKey);
        return (context.Response.StatusCode, response.Length == 0 ? default : JsonDocument.Parse(response.ToArray()).RootElement);
    }
}
