using System.Net;

namespace EventSubscriptions.Tests.Scenarios.Harness;

/// <summary>Responses with a problem detail (RFC 9457).</summary>
internal static class Problems
{
    /// <summary>Asserts that a request was refused with a status and an explanation.</summary>
    /// <param name="request">What was sent, for the message of the failure.</param>
    public static ProblemResult Expect(ApiResponse response, HttpStatusCode status, string request)
    {
        Assert.True(response.Status == status, $"{request}: {(int)response.Status} {response.Text}");
        Assert.Equal("application/problem+json", response.ContentType);
        var problem = response.Read<ProblemResult>();
        Assert.Equal((int)status, problem.Status);
        Assert.False(string.IsNullOrWhiteSpace(problem.Title), response.Text);
        Assert.False(string.IsNullOrWhiteSpace(problem.Detail), response.Text);
        return problem;
    }
}
