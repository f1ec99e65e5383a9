using System.Net;

namespace EventSubscriptions.Tests.Scenarios.Harness;

/// <summary>Responses with a problem detail (RFC 9457).</summary>
internal static class Problems
{
    /// <summary>Asserts that a request was refused with a status and an explanation.</summary>
    /// <param name="request">What was sent, for the message of the failure.</param>
    public static ProblemResult Expect(Answer answer, HttpStatusCode status, string request)
    {
        Assert.True(answer.Status == status, $"{request}: {(int)answer.Status} {answer.Text}");
        Assert.Equal("application/problem+json", answer.ContentType);
        var problem = answer.Read<ProblemResult>();
        Assert.Equal((int)status, problem.Status);
        Assert.False(string.IsNullOrWhiteSpace(problem.Title), answer.Text);
        Assert.False(string.IsNullOrWhiteSpace(problem.Detail), answer.Text);
        return problem;
    }
}
