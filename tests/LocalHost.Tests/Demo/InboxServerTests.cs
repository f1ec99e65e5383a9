using System.Net;
using System.Text;
using System.Text.RegularExpressions;
using LocalHost.Demo;
using TestSupport.App;

namespace LocalHost.Tests.Demo;

public sealed partial class InboxServerTests : IAsyncLifetime, IDisposable
{
    private const string Token = "a-token-that-is-never-shown";

    private readonly TestClock _time = new();
    private Inbox _inbox = null!;
    private InboxServer _server = null!;
    private HttpClient _client = null!;

    public async Task InitializeAsync()
    {
        _inbox = new Inbox(_time) { Credentials = ("whsec_AAAA", Token) };
        _server = await InboxServer.StartAsync(_inbox, IPAddress.Loopback, port: 0);
        _client = new HttpClient { BaseAddress = _server.Url };
    }

    public async Task DisposeAsync() => await _server.DisposeAsync();

    public void Dispose() => _client.Dispose();

    [Fact]
    public async Task Requests_are_listed_newest_first_with_their_headers_and_an_indented_body()
    {
        await Send("""{"eventName":"A","data":{"x":"<b>é</b>"}}""", "evt_1");
        await Send("no JSON", "evt_2");
        await Send("""{"eventName":"A"}""", "evt_1");

        var requests = await Requests();

        Assert.Equal([3, 2, 1], requests.Select(request => request.Number));
        Assert.Equal([2, 1, 1], requests.Select(request => request.Count));
        Assert.Equal("{\n  \"eventName\": \"A\",\n  \"data\": {\n    \"x\": \"<b>é</b>\"\n  }\n}", requests[2].Body);
        Assert.Equal("no JSON", requests[1].Body);
        Assert.Equal("evt_1", requests[0].HeaderOf("webhook-id"));
    }

    [Fact]
    public async Task Token_is_masked_except_for_its_end()
    {
        await Send("{}");

        var text = await _client.GetStringAsync("/requests");

        Assert.DoesNotContain(Token, text, StringComparison.Ordinal);
        Assert.Equal("Bearer ••••" + Token[^4..], (await Requests())[0].HeaderOf("Authorization"));
    }

    [Fact]
    public async Task Short_token_is_masked()
    {
        await Send("{}", token: "elevenchars");

        var request = (await Requests())[0];

        Assert.Equal("Bearer ••••", request.HeaderOf("Authorization"));
        Assert.False(request.IsTokenValid);
    }

    [Fact]
    public async Task Request_without_a_signature_has_a_signature_error()
    {
        await Send("{}");

        var request = (await Requests())[0];

        Assert.Equal("The signature is missing.", request.SignatureError);
        Assert.True(request.IsTokenValid);
    }

    [Fact]
    public async Task Inbox_returns_the_chosen_status_until_another_is_chosen()
    {
        Assert.Equal(HttpStatusCode.OK, await Send("{}"));
        await Choose("error");
        Assert.Equal(HttpStatusCode.InternalServerError, await Send("{}"));
        Assert.Equal(HttpStatusCode.InternalServerError, await Send("{}"));
        await Choose("ok");
        Assert.Equal(HttpStatusCode.OK, await Send("{}"));
        Assert.Equal([200, 500, 500, 200], (await Requests()).Select(request => request.Status));
    }

    [Fact]
    public async Task Slow_response_is_sent_after_a_delay()
    {
        await Choose("slow");

        var sending = Send("{}");
        while (_time.PendingTimers == 0)
        {
            await Task.Delay(1);
        }

        Assert.Single(await Requests());
        Assert.False(sending.IsCompleted);
        _time.Advance(Inbox.SlowDelay);
        Assert.Equal(HttpStatusCode.OK, await sending);
    }

    [Theory]
    [InlineData("""{"response":"teapot"}""", "application/json", HttpStatusCode.BadRequest)]
    [InlineData("""{"response":7}""", "application/json", HttpStatusCode.BadRequest)]
    [InlineData("null", "application/json", HttpStatusCode.BadRequest)]
    [InlineData("{", "application/json", HttpStatusCode.BadRequest)]
    [InlineData("""{"response":"error"}""", "text/plain", HttpStatusCode.UnsupportedMediaType)]
    public async Task Choice_is_refused_when_it_is_invalid(string body, string contentType, HttpStatusCode status)
    {
        using var content = new StringContent(body, Encoding.UTF8, contentType);
        using var response = await _client.PutAsync("/response", content);

        Assert.Equal(status, response.StatusCode);
        Assert.Equal(InboxResponse.Ok, _inbox.Response);
    }

    [Fact]
    public async Task Inbox_keeps_the_last_hundred_requests()
    {
        for (var n = 0; n < Inbox.Capacity + 2; n++)
        {
            await Send("{}", $"evt_{n}");
        }

        var state = ClientJson.Read<InboxResult>(await _client.GetStringAsync("/requests?since=100"));

        Assert.Equal(102, state.Total);
        Assert.Equal([102, 101], state.Requests.Select(request => request.Number));
        Assert.Equal(Inbox.Capacity, (await Requests()).Count);
    }

    [Fact]
    public async Task Request_is_refused_when_its_body_exceeds_one_MiB()
    {
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, await Send(new string('x', 1024 * 1024 + 1)));
        Assert.Empty(await Requests());
    }

    [Fact]
    public async Task Page_loads_from_its_own_origin_only_and_has_nothing_inline()
    {
        using var page = await _client.GetAsync("/");
        var html = await page.Content.ReadAsStringAsync();
        var policy = Assert.Single(page.Headers.GetValues("Content-Security-Policy"));

        Assert.StartsWith("default-src 'none'; script-src 'self'; style-src 'self';", policy, StringComparison.Ordinal);
        Assert.DoesNotContain("unsafe", policy, StringComparison.Ordinal);
        Assert.DoesNotMatch(Inline(), html);
        foreach (Match reference in Reference().Matches(html))
        {
            Assert.Equal(HttpStatusCode.OK, (await _client.GetAsync(reference.Groups["path"].Value)).StatusCode);
        }

        Assert.DoesNotMatch(Markup(), await _client.GetStringAsync("/inbox.js"));
    }

    [Theory]
    [InlineData("/hook")]
    [InlineData("/index.html")]
    [InlineData("/../Demo/Page/inbox.js")]
    public async Task Other_paths_are_not_found(string path) =>
        Assert.Equal(HttpStatusCode.NotFound, (await _client.GetAsync(path)).StatusCode);

    [Fact]
    public async Task Another_port_is_used_when_the_requested_one_is_in_use()
    {
        await using var second = await InboxServer.StartAsync(new Inbox(_time), IPAddress.Loopback, _server.Url.Port);

        Assert.NotEqual(_server.Url, second.Url);
    }

    private async Task<HttpStatusCode> Send(string body, string eventId = "evt_1", string token = Token)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, InboxServer.HookPath) { Content = new StringContent(body) };
        request.Headers.TryAddWithoutValidation("Authorization", "Bearer " + token);
        request.Headers.TryAddWithoutValidation("webhook-id", eventId);
        using var response = await _client.SendAsync(request);
        return response.StatusCode;
    }

    private async Task Choose(string response)
    {
        using var content = new StringContent($$"""{"response":"{{response}}"}""", Encoding.UTF8, "application/json");
        using var chosen = await _client.PutAsync("/response", content);
        Assert.Equal(HttpStatusCode.NoContent, chosen.StatusCode);
    }

    private Task<IReadOnlyList<InboxRequestResult>> Requests() => DemoInbox.Requests(_client, _server.Url);

    [GeneratedRegex(@"<script(?![^>]*\ssrc=)|<style|\son\w+=|style=|https?:", RegexOptions.IgnoreCase, 1000)]
    private static partial Regex Inline();

    [GeneratedRegex(@"(src|href)=""(?<path>[^""]+)""", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Reference();

    [GeneratedRegex(@"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(", RegexOptions.None, 1000)]
    private static partial Regex Markup();
}
