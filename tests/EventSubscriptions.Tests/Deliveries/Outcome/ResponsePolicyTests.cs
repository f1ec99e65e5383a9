using System.Globalization;
using EventSubscriptions.Deliveries.Outcome;
using EventSubscriptions.Destinations;
using EventSubscriptions.Queues;

namespace EventSubscriptions.Tests.Deliveries.Outcome;

public sealed class ResponsePolicyTests
{
    private const string Never = "";
    private const string Schedule = "schedule";

    private static readonly DateTimeOffset s_now = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly TimeSpan s_wait = TimeSpan.FromMinutes(1);
    private static readonly RetrySchedule s_schedule = new([s_wait, TimeSpan.FromMinutes(30)]);

    /// <summary>
    /// The whole table: what came back, the outcome, the kind of error, when the next attempt is, and until when the subscription rests.
    /// </summary>
    [Theory]
    [InlineData("200", "delivered", null, Never, Never)]
    [InlineData("201", "delivered", null, Never, Never)]
    [InlineData("204", "delivered", null, Never, Never)]
    [InlineData("299", "delivered", null, Never, Never)]
    [InlineData("200, Retry-After: 60", "delivered", null, Never, Never)]
    [InlineData("101", "failed", "status", Schedule, Never)]
    [InlineData("301", "failed", "redirect", Schedule, Never)]
    [InlineData("302", "failed", "redirect", Schedule, Never)]
    [InlineData("304", "failed", "redirect", Schedule, Never)]
    [InlineData("307", "failed", "redirect", Schedule, Never)]
    [InlineData("308", "failed", "redirect", Schedule, Never)]
    [InlineData("400", "failed", "status", Schedule, Never)]
    [InlineData("401", "failed", "status", Schedule, Never)]
    [InlineData("403", "failed", "status", Schedule, Never)]
    [InlineData("404", "failed", "status", Schedule, Never)]
    [InlineData("408", "failed", "status", Schedule, Never)]
    [InlineData("410", "gone", "status", Never, Never)]
    [InlineData("410, Retry-After: 60", "gone", "status", Never, Never)]
    [InlineData("413", "failed", "status", Schedule, Never)]
    [InlineData("425", "failed", "status", Schedule, Never)]
    [InlineData("429", "throttled", "status", Schedule, Schedule)]
    [InlineData("429, Retry-After: 7200", "throttled", "status", "02:00:00", "02:00:00")]
    [InlineData("429, Retry-After:  7200 ", "throttled", "status", "02:00:00", "02:00:00")]
    [InlineData("429, Retry-After: Thu, 01 Jan 2026 03:00:00 GMT", "throttled", "status", "03:00:00", "03:00:00")]
    [InlineData("429, Retry-After: Thursday, 01-Jan-26 03:00:00 GMT", "throttled", "status", "03:00:00", "03:00:00")]
    [InlineData("429, Retry-After: Thu Jan  1 03:00:00 2026", "throttled", "status", "03:00:00", "03:00:00")]
    [InlineData("429, Retry-After: 3", "throttled", "status", Schedule, "00:00:03")]
    [InlineData("429, Retry-After: 0", "throttled", "status", Schedule, Never)]
    [InlineData("429, Retry-After: Wed, 31 Dec 2025 23:00:00 GMT", "throttled", "status", Schedule, Never)]
    [InlineData("429, Retry-After: 86401", "throttled", "status", "1.00:00:00", "1.00:00:00")]
    [InlineData("429, Retry-After: 99999999999999999999", "throttled", "status", "1.00:00:00", "1.00:00:00")]
    [InlineData("429, Retry-After: Fri, 31 Dec 9999 23:59:59 GMT", "throttled", "status", "1.00:00:00", "1.00:00:00")]
    [InlineData("429, Retry-After: -5", "throttled", "status", Schedule, Schedule)]
    [InlineData("429, Retry-After: 7199.001", "throttled", "status", "02:00:00", "02:00:00")]
    [InlineData("429, Retry-After: 0.2", "throttled", "status", Schedule, "00:00:01")]
    [InlineData("429, Retry-After: 1.5.1", "throttled", "status", Schedule, Schedule)]
    [InlineData("429, Retry-After: 1e3", "throttled", "status", Schedule, Schedule)]
    [InlineData("429, Retry-After: 7200, 7200", "throttled", "status", "02:00:00", "02:00:00")]
    [InlineData("429, Retry-After: 7200,7200, 7200", "throttled", "status", "02:00:00", "02:00:00")]
    [InlineData("429, Retry-After: 7200, 60", "throttled", "status", Schedule, Schedule)]
    [InlineData("429, Retry-After: soon", "throttled", "status", Schedule, Schedule)]
    [InlineData("429, Retry-After: ", "throttled", "status", Schedule, Schedule)]
    [InlineData("500", "failed", "status", Schedule, Never)]
    [InlineData("500, Retry-After: 7200", "failed", "status", Schedule, Never)]
    [InlineData("502", "throttled", "status", Schedule, Schedule)]
    [InlineData("503", "failed", "status", Schedule, Never)]
    [InlineData("503, Retry-After: soon", "failed", "status", Schedule, Never)]
    [InlineData("503, Retry-After: 7200", "throttled", "status", "02:00:00", "02:00:00")]
    [InlineData("503, Retry-After: Thu, 01 Jan 2026 03:00:00 GMT", "throttled", "status", "03:00:00", "03:00:00")]
    [InlineData("504", "throttled", "status", Schedule, Schedule)]
    [InlineData("799", "failed", "status", Schedule, Never)]
    [InlineData("dns", "failed", "dns", Schedule, Never)]
    [InlineData("connect", "failed", "connect", Schedule, Never)]
    [InlineData("tls", "failed", "tls", Schedule, Never)]
    [InlineData("reset", "failed", "reset", Schedule, Never)]
    [InlineData("timeout", "failed", "timeout", Schedule, Never)]
    [InlineData("forbidden", "failed", "forbidden", Schedule, Never)]
    [InlineData("200 reset", "failed", "reset", Schedule, Never)]
    [InlineData("410 timeout", "failed", "timeout", Schedule, Never)]
    [InlineData("429 reset", "failed", "reset", Schedule, Never)]
    public void Response_has_the_documented_outcome(string came, string outcome, string? kind, string next, string rest)
    {
        var decision = Decide(Parse(came));

        Assert.Equal(outcome, decision.Outcome.ToName());
        Assert.Equal(kind, decision.Error?.Kind.ToName());
        var at = (decision as DeliveryDecision.Retry)?.At;
        AssertTime(next, at);
        AssertTime(rest, decision.CooldownUntil);
        if (rest == Schedule)
        {
            Assert.Equal(at, decision.CooldownUntil);
        }
    }

    [Theory]
    [InlineData(301, "The receiver returned 301 Moved Permanently without a location.")]
    [InlineData(404, "The receiver returned 404 Not Found.")]
    [InlineData(799, "The receiver returned 799.")]
    public void Error_names_the_status_of_the_response(int status, string detail) =>
        Assert.Equal(detail, Decide(Result(status)).Error?.Detail);

    [Fact]
    public void Error_of_a_redirect_names_the_location() =>
        Assert.Equal(
            "The receiver returned 308 Permanent Redirect and points to https://new.example/in",
            Decide(Result(308) with { Location = "https://new.example/in" }).Error?.Detail
        );

    [Fact]
    public void Cooldown_without_Retry_After_is_at_most_5_minutes()
    {
        var decision = Decide(Result(504), attempt: 2);

        Assert.InRange(((DeliveryDecision.Retry)decision).At - s_now, TimeSpan.FromMinutes(24), TimeSpan.FromMinutes(36));
        Assert.Equal(s_now.AddMinutes(5), decision.CooldownUntil);
    }

    [Fact]
    public void Delivery_is_dead_lettered_at_once_when_its_URL_is_forbidden()
    {
        var error = new DeliveryError(ErrorKind.Forbidden, "The URL must start with https://.");

        Assert.Equal(
            new DeliveryDecision.DeadLetter(DeadLetterReason.DestinationForbidden, error.Detail, error),
            Decide(Result(null) with { Error = error, IsUrlForbidden = true })
        );
    }

    [Theory]
    [InlineData(500, "failed")]
    [InlineData(429, "throttled")]
    public void Attempt_is_the_last_when_the_schedule_has_ended(int status, string outcome)
    {
        Assert.IsType<DeliveryDecision.Retry>(Decide(Result(status), attempt: 2));
        foreach (var attempt in new[] { 3, 4 })
        {
            var given = Assert.IsType<DeliveryDecision.DeadLetter>(Decide(Result(status), attempt));

            Assert.Equal((DeadLetterReason.RetriesExhausted, outcome), (given.Reason, given.Outcome.ToName()));
            Assert.StartsWith(
                $"Attempt {attempt}, the last, failed (status): The receiver returned {status} ",
                given.Description,
                StringComparison.Ordinal
            );
        }
    }

    [Fact]
    public void Receiver_gets_its_cooldown_when_the_attempt_was_the_last()
    {
        Assert.Equal(s_now.AddHours(2), Decide(Result(503) with { RetryAfter = "7200" }, attempt: 3).CooldownUntil);
        Assert.Equal(s_now.AddMinutes(5), Decide(Result(429), attempt: 3).CooldownUntil);
    }

    private static void AssertTime(string expected, DateTimeOffset? actual)
    {
        switch (expected)
        {
            case Never:
                Assert.Null(actual);
                break;
            case Schedule:
                Assert.InRange(actual!.Value - s_now, s_wait * 0.8, s_wait * 1.2);
                break;
            default:
                Assert.Equal(TimeSpan.Parse(expected, CultureInfo.InvariantCulture), actual - s_now);
                break;
        }
    }

    /// <summary>A status and what broke it off, or what came instead of one; and the <c>Retry-After</c>.</summary>
    private static DeliveryResult Parse(string came)
    {
        const string Header = ", Retry-After: ";
        var at = came.IndexOf(Header, StringComparison.Ordinal);
        var parts = (at < 0 ? came : came[..at]).Split(' ');
        var kind = Array.Find(parts, part => !char.IsAsciiDigit(part[0]));
        return Result(int.TryParse(parts[0], CultureInfo.InvariantCulture, out var status) ? status : null) with
        {
            Error = EnumNames<ErrorKind>.Find(kind) is { } known ? new DeliveryError(known, "Why.") : null,
            RetryAfter = at < 0 ? null : came[(at + Header.Length)..],
        };
    }

    private static DeliveryDecision Decide(DeliveryResult result, int attempt = 1) =>
        ResponsePolicy.Decide(result, attempt, s_schedule, s_now, new Random(1));

    private static DeliveryResult Result(int? status) =>
        new()
        {
            At = s_now,
            Duration = TimeSpan.FromMilliseconds(5),
            StatusCode = status,
        };
}
