using System.Net;

namespace EventSubscriptions.Tests.Scenarios;

public sealed class TransportSecurityScenarios
{
    [Fact]
    public async Task Responses_over_https_have_Strict_Transport_Security()
    {
        await using var app = await AppProcess.Start();
        using var client = new HttpClient { BaseAddress = app.Address };

        foreach (
            var (path, status) in new[]
            {
                ("portal", HttpStatusCode.OK),
                ("api/event-types", HttpStatusCode.Unauthorized),
                ("api/openapi.json?x=1", HttpStatusCode.BadRequest),
            }
        )
        {
            Assert.Equal((status, "max-age=31536000"), await AskAsync(path, "https"));
            Assert.Equal((status, null), await AskAsync(path, "http"));
            Assert.Equal((status, null), await AskAsync(path, null));
        }

        async Task<(HttpStatusCode, string?)> AskAsync(string path, string? scheme)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, path);
            if (scheme is not null)
            {
                request.Headers.Add("X-Forwarded-Proto", scheme);
            }

            using var response = await client.SendAsync(request);
            return (
                response.StatusCode,
                response.Headers.TryGetValues("Strict-Transport-Security", out var values) ? Assert.Single(values) : null
            );
        }
    }
}
