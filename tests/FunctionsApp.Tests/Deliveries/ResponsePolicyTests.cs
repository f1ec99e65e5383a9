using EventSubscriptions.Deliveries;

namespace EventSubscriptions.Tests.Deliveries;

public sealed class ResponsePolicyTests
{
    private static readonly DateTimeOffset s_now = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly RetrySchedule s_schedule = new([TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(2)]);

    [Theory]
    [InlineData(200)]
    [InlineData(201)]
    [InlineData(202)]
    [InlineData(204)]
    [InlineData(299)]
    public void A_2xx_is_a_delivery(int status) => Assert.IsType<DeliveryDecision.Delivered>(Decide(status));

    [Theory]
    [InlineData(101, "status", "The receiver answered 101 Switching Protocols.")]
    [InlineData(400, "status", "The receiver answered 400 Bad Request.")]
    [InlineData(404, "status", "The receiver answered 404 Not Found.")]
    [InlineData(500, "status", "The receiver answered 500 Internal Server Error.")]
    [InlineData(799, "status", "The receiver answered 799.")]
    [InlineData(301, "redirect", "The receiver answered 301 Moved Permanently and names no location.")]
    [InlineData(304, "redirect", "The receiver answered 304 Not Modified and names no location.")]
    public void Any_other_status_is_tried_again(int status, string kind, string detail)
    {
        var retry = Assert.IsType<DeliveryDecision.Retry>(Decide(status));

        Assert.Equal(new DeliveryError(kind, detail), retry.Why);
        Assert.Equal(DeliveryOutcome.Failed, retry.Outcome);
        Assert.InRange(retry.At - s_now, TimeSpan.FromSeconds(48), TimeSpan.FromSeconds(72));
    }

    [Fact]
    public void A_redirect_names_the_location() =>
        Assert.Equal(
            "The receiver answered 308 Permanent Redirect and points to https://new.example/in",
            Decide(Result(308) with { Location = "https://new.example/in" }).Error?.Detail);

    [Theory]
    [InlineData(ErrorKind.Dns)]
    [InlineData(ErrorKind.Connect)]
    [InlineData(ErrorKind.Tls)]
    [InlineData(ErrorKind.Reset)]
    [InlineData(ErrorKind.Timeout)]
    public void An_answer_that_did_not_come_is_tried_again(string kind)
    {
        var error = new DeliveryError(kind, "Why.");

        Assert.Equal(error, Assert.IsType<DeliveryDecision.Retry>(Decide(Result(null) with { Error = error })).Why);
    }

    [Fact]
    public void A_2xx_that_broke_off_is_tried_again() =>
        Assert.IsType<DeliveryDecision.Retry>(Decide(Result(200) with { Error = new DeliveryError(ErrorKind.Reset, "Why.") }));

    [Fact]
    public void A_forbidden_destination_is_given_up_at_once()
    {
        var error = new DeliveryError(ErrorKind.Forbidden, "10.0.0.1 is a private address.");

        Assert.Equal(
            new DeliveryDecision.DeadLetter("DestinationForbidden", error.Detail, error),
            Decide(Result(null) with { Error = error }));
    }

    [Theory]
    [InlineData(1, false)]
    [InlineData(2, false)]
    [InlineData(3, true)]
    [InlineData(4, true)]
    public void The_attempt_behind_the_schedule_is_the_last(int attempt, bool last)
    {
        var decision = Decide(Result(503), attempt);

        Assert.Equal(last, decision is DeliveryDecision.DeadLetter { Reason: "RetriesExhausted" });
        if (decision is DeliveryDecision.DeadLetter given)
        {
            Assert.Equal($"Attempt {attempt}, the last, failed (status): The receiver answered 503 Service Unavailable.", given.Description);
        }
    }

    private static DeliveryDecision Decide(int status) => Decide(Result(status));

    private static DeliveryDecision Decide(DeliveryResult result, int attempt = 1) =>
        ResponsePolicy.Decide(result, attempt, s_schedule, s_now, new Random(1));

    private static DeliveryResult Result(int? status) => new() { At = s_now, Duration = TimeSpan.FromMilliseconds(5), StatusCode = status };
}
