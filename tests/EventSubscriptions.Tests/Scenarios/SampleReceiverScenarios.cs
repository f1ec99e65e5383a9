using System.Globalization;
using System.Net;
using EventSubscriptions.Tests.Scenarios.Harness;

namespace EventSubscriptions.Tests.Scenarios;

/// <summary>The receivers that the documentation shows, run as they are.</summary>
public sealed class SampleReceiverScenarios(SharedApp shared) : IClassFixture<SharedApp>
{
    private static readonly HttpClient s_http = new(new SocketsHttpHandler { UseProxy = false });

    [Fact]
    public Task Sample_in_Node_accepts_a_delivery_once_and_refuses_a_tampered_one() =>
        Accepts_what_the_app_sends(settings => OtherProgram.Node(Repository.PathOf("docs", "samples", "receiver.mjs"), settings));

    [Fact]
    public Task Sample_in_CSharp_accepts_a_delivery_once_and_refuses_a_tampered_one() =>
        Accepts_what_the_app_sends(settings => OtherProgram.Start(Repository.SampleProgram, file: null, settings));

    [FactWhereInstalled("python3")]
    public Task Sample_in_Python_accepts_a_delivery_once_and_refuses_a_tampered_one() =>
        Accepts_what_the_app_sends(settings =>
            OtherProgram.Start("python3", Repository.PathOf("docs", "samples", "receiver.py"), settings)
        );

    private async Task Accepts_what_the_app_sends(Func<(string, string)[], OtherProgram> start)
    {
        var organization = shared.NewOrganization();
        var hook = shared.Receiver.NewHook();
        var subscription = await organization.Subscribe(hook);
        var eventId = await organization.PublishCase();
        var request = await hook.Received(eventId);
        await using var sample = start([("SIGNING_SECRET", subscription.SigningSecret), ("TOKEN", subscription.Token), ("PORT", "0")]);
        var listening = await Read(sample, "listening on");
        var url = new Uri(
            $"http://127.0.0.1:{int.Parse(listening[(listening.LastIndexOfAny([' ', ':']) + 1)..], CultureInfo.InvariantCulture)}/events"
        );

        Assert.Equal(HttpStatusCode.Unauthorized, await Send(url, request with { Body = [.. request.Body, (byte)' '] }));
        Assert.Equal(HttpStatusCode.Unauthorized, await Send(url, request.With("Authorization", "Bearer another")));
        Assert.Equal(HttpStatusCode.Unauthorized, await Send(url, request.With("webhook-signature", "v1,AAAA")));
        Assert.Equal(HttpStatusCode.Unauthorized, await Send(url, request.With("webhook-timestamp", "1614265330")));
        Assert.InRange(await Send(url, request), HttpStatusCode.OK, HttpStatusCode.NoContent);
        Assert.InRange(await Send(url, request), HttpStatusCode.OK, HttpStatusCode.NoContent);

        (await organization.Api.Patch(subscription.Path, new { url = url.OriginalString, token = subscription.Token })).Expect(
            HttpStatusCode.OK
        );
        var next = await organization.PublishCase();

        Assert.Equal(
            [$"accepted {eventId} {Some.CaseEvent}", $"repeated {eventId}", $"accepted {next} {Some.CaseEvent}"],
            [await Read(sample, "accepted "), await Read(sample, "repeated "), await Read(sample, "accepted ")]
        );
        await subscription.Attempted("delivered", 2);
    }

    /// <summary>Each piece of code in the documentation is a piece of its sample, so that none can go stale.</summary>
    [Theory]
    [InlineData("js", "receiver.mjs")]
    [InlineData("python", "receiver.py")]
    [InlineData("csharp", "receiver.cs")]
    public async Task Code_in_the_documentation_is_that_of_the_sample(string language, string file)
    {
        var text = await File.ReadAllTextAsync(Repository.PathOf("docs", "receiving.md"));
        var sample = await File.ReadAllTextAsync(Repository.PathOf("docs", "samples", file));

        var code = text.Split("```" + language + "\n")
            .Skip(1)
            .Select(rest => rest[..rest.IndexOf("```", StringComparison.Ordinal)])
            .ToList();

        Assert.NotEmpty(code);
        Assert.All(code, piece => Assert.Contains(piece, sample, StringComparison.Ordinal));
    }

    /// <summary>The next line that says so. What a framework writes besides is passed over.</summary>
    private static async Task<string> Read(OtherProgram sample, string what)
    {
        while (true)
        {
            if (await sample.Read() is var line && line.Contains(what, StringComparison.Ordinal))
            {
                return line;
            }
        }
    }

    private static async Task<HttpStatusCode> Send(Uri url, ReceivedRequest request)
    {
        using var message = new HttpRequestMessage(HttpMethod.Post, url) { Content = new ByteArrayContent(request.Body) };
        foreach (var name in (string[])["Authorization", "webhook-id", "webhook-timestamp", "webhook-signature"])
        {
            message.Headers.TryAddWithoutValidation(name, request.Headers[name]);
        }

        using var response = await s_http.SendAsync(message);
        return response.StatusCode;
    }
}
