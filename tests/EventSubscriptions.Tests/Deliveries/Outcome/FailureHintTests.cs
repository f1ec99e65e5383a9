using EventSubscriptions.Deliveries.Outcome;
using EventSubscriptions.Destinations;

namespace EventSubscriptions.Tests.Deliveries.Outcome;

public sealed class FailureHintTests
{
    [Fact]
    public void Every_kind_of_error_has_its_own_hint()
    {
        var kinds = Enum.GetValues<ErrorKind>();

        var hints = kinds.Select(kind => FailureHint.For(kind, status: null)).ToList();

        Assert.Equal(kinds.Length, hints.Distinct(StringComparer.Ordinal).Count());
        Assert.All(hints, hint => Assert.EndsWith(".", hint, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(400, "rejected the request")]
    [InlineData(401, "credentials")]
    [InlineData(403, "credentials")]
    [InlineData(404, "path")]
    [InlineData(405, "POST")]
    [InlineData(408, "waited too long")]
    [InlineData(410, "deactivated")]
    [InlineData(413, "192 KiB")]
    [InlineData(415, "application/json")]
    [InlineData(422, "application/json")]
    [InlineData(425, "early data")]
    [InlineData(429, "rate limit")]
    [InlineData(500, "logs")]
    [InlineData(502, "proxy")]
    [InlineData(503, "overloaded")]
    [InlineData(504, "proxy")]
    [InlineData(418, "2xx")]
    public void Hint_names_the_likely_cause_of_a_status(int status, string cause) =>
        Assert.Contains(cause, FailureHint.For(ErrorKind.Status, status), StringComparison.Ordinal);
}
