using System.Text;
using LocalHost.Messaging;
using LocalHost.Tests.Messaging;
using LocalHost.Triggers;
using Microsoft.AspNetCore.Http;

namespace LocalHost.Tests.Triggers;

public sealed class ServiceBusRestTests : IDisposable
{
    private const string AdminKey = "the-admin-key-of-at-least-32-characters";

    private readonly TestBroker _broker = new();

    public void Dispose() => _broker.Dispose();

    [Fact]
    public async Task Message_has_the_properties_of_the_headers()
    {
        var status = await PostAsync(
            "plain",
            "{\"a\":1}",
            request =>
            {
                request.ContentType = "application/json";
                request.Headers["BrokerProperties"] = """{"MessageId":"id-1","Label":"ignored","TimeToLive":90}""";
                request.Headers["source"] = "\"air\"";
                request.Headers["count"] = "3";
                request.Headers["large"] = "5000000000";
                request.Headers["ratio"] = "1.5";
                request.Headers["flag"] = "true";
                request.Headers.Accept = "*/*";
                request.Headers.IfMatch = "\"etag\"";
                request.Headers["X-Forwarded-Port"] = "443";
                request.Headers["plain"] = "not json";
            }
        );

        Assert.Equal((201, ""), status);
        var message = _broker.ReceiveOne();
        Assert.Equal("{\"a\":1}", TestBroker.Body(message));
        Assert.Equal("application/json", message.ContentType);
        Assert.Equal("id-1", message.MessageId);
        Assert.Equal(
            new Dictionary<string, object>(StringComparer.Ordinal)
            {
                ["source"] = "air",
                ["count"] = 3,
                ["large"] = 5000000000L,
                ["ratio"] = 1.5,
                ["flag"] = true,
            },
            message.Properties
        );
    }

    [Theory]
    [InlineData("Wed, 01 Jan 2025 00:10:00 GMT")]
    [InlineData("2025-01-01T00:10:00Z")]
    public async Task Message_is_scheduled_by_its_broker_properties(string time)
    {
        _broker.Time.SetUtcNow(new DateTimeOffset(2025, 1, 1, 0, 0, 0, TimeSpan.Zero));
        await PostAsync("plain", "x", request => request.Headers["BrokerProperties"] = $$"""{"ScheduledEnqueueTimeUtc":"{{time}}"}""");
        Assert.Empty(_broker.Receive());
        _broker.Time.Advance(TimeSpan.FromMinutes(10));
        await _broker.FlushAsync();
        Assert.Single(_broker.Receive());
    }

    [Theory]
    [InlineData("not json")]
    [InlineData("[]")]
    [InlineData("""{"MessageId":1}""")]
    [InlineData("""{"MessageId":"\ud800"}""")]
    [InlineData("""{"MessageId":null}""")]
    [InlineData("""{"MessageId":""}""")]
    [InlineData("""{"ScheduledEnqueueTimeUtc":"soon"}""")]
    public async Task Invalid_broker_properties_return_400(string properties)
    {
        var (status, text) = await PostAsync("plain", "x", request => request.Headers["BrokerProperties"] = properties);
        Assert.Equal(400, status);
        Assert.Contains("BrokerProperties", text, StringComparison.Ordinal);
        Assert.Empty(_broker.Receive());
    }

    [Fact]
    public async Task Unknown_queue_returns_404()
    {
        Assert.Equal(404, (await PostAsync("nowhere", "x")).Status);
    }

    [Fact]
    public async Task Message_over_the_limit_returns_413_whether_or_not_its_length_is_known()
    {
        var large = new string('x', MessageLimits.RestSize + 1);
        Assert.Equal(413, (await PostAsync("plain", large)).Status);
        Assert.Equal(413, (await PostAsync("plain", large, request => request.ContentLength = null)).Status);
        Assert.Equal(413, (await PostAsync("plain", large[..^10])).Status);
        Assert.Empty(_broker.Receive());
    }

    [Fact]
    public async Task Key_is_accepted_in_either_header()
    {
        Assert.Equal(
            201,
            (await PostAsync("plain", "x", request => request.Headers.Authorization = $"Bearer {AdminKey}", apiKey: null)).Status
        );
        Assert.Equal(201, (await PostAsync("plain", "x", apiKey: AdminKey)).Status);
        Assert.Equal(
            201,
            (await PostAsync("plain", "x", request => request.Headers.Authorization = "Basic of-a-proxy", apiKey: AdminKey)).Status
        );
    }

    [Fact]
    public async Task Header_is_ignored_when_it_is_not_text()
    {
        Assert.Equal(201, (await PostAsync("plain", "x", request => request.Headers["source"] = "\"\\ud800\"")).Status);
        Assert.Empty(_broker.ReceiveOne().Properties);
    }

    [Theory]
    [InlineData(null, null)]
    [InlineData("Bearer wrong", null)]
    [InlineData("Basic " + AdminKey, null)]
    [InlineData(null, "wrong")]
    [InlineData("Bearer " + AdminKey, "wrong")]
    public async Task Missing_or_invalid_key_returns_401_before_anything_else(string? authorization, string? apiKey)
    {
        Assert.Equal(401, (await PostAsync("nowhere", "x", request => request.Headers.Authorization = authorization, apiKey)).Status);
    }

    private async Task<(int Status, string Text)> PostAsync(
        string queue,
        string body,
        Action<HttpRequest>? change = null,
        string? apiKey = AdminKey
    )
    {
        var context = new DefaultHttpContext();
        var bytes = Encoding.UTF8.GetBytes(body);
        context.Request.Body = new MemoryStream(bytes);
        context.Request.ContentLength = bytes.Length;
        context.Request.RouteValues["queue"] = queue;
        if (apiKey is not null)
        {
            context.Request.Headers["x-api-key"] = apiKey;
        }

        change?.Invoke(context.Request);
        using var response = new MemoryStream();
        context.Response.Body = response;

        await ServiceBusRest.HandleAsync(context, _broker.Broker, AdminKey);
        return (context.Response.StatusCode, Encoding.UTF8.GetString(response.ToArray()));
    }
}
