using System.Net;
using EventSubscriptions.Deliveries;

namespace EventSubscriptions.Tests.Deliveries;

public sealed class WebhookConnectorTests
{
    [Fact]
    public async Task Connection_is_forbidden_when_the_name_resolves_to_an_address_that_is_not_allowed()
    {
        var connected = false;
        await using var receiver = new RawReceiver((_, _) =>
        {
            connected = true;
            return Task.CompletedTask;
        }, readFirst: false);

        var exception = await ConnectAsync("localhost", receiver.Url.Port, insecure: false);

        Assert.Equal(ErrorKind.Forbidden, exception.Error.Kind);
        Assert.Matches("^localhost must not be connected to: (127.0.0.1|::1) is a loopback address.$", exception.Error.Detail);
        Assert.False(connected);
    }

    [Fact]
    public async Task Connection_tries_the_next_address_when_one_takes_none()
    {
        // Where localhost has an IPv6 address too, nothing listens on it.
        await using var receiver = new RawReceiver(RawReceiver.Ok(""));
        using var client = Client(insecure: true);

        using var response = await client.GetAsync(new Uri($"http://localhost:{receiver.Url.Port}/"));

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    private static async Task<WebhookConnectException> ConnectAsync(string host, int port, bool insecure)
    {
        using var client = Client(insecure);
        var thrown = await Assert.ThrowsAsync<HttpRequestException>(() => client.GetAsync(new Uri($"http://{host}:{port}/")));
        return Assert.IsType<WebhookConnectException>(thrown.InnerException);
    }

    private static HttpClient Client(bool insecure)
    {
        var options = new DeliveriesOptions { AllowInsecureDestinations = insecure };
        var connector = new WebhookConnector(new DestinationGuard(options), options, TimeProvider.System);
        return new HttpClient(new SocketsHttpHandler { ConnectCallback = connector.ConnectAsync, UseProxy = false });
    }
}
