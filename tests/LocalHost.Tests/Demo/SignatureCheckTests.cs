using System.Text;
using LocalHost.Demo;

namespace LocalHost.Tests.Demo;

public sealed class SignatureCheckTests
{
    // The example of the Standard Webhooks libraries.
    private const string Secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    private const string Id = "msg_p5jXN8AQM9LWM0D4loKWxJek";
    private const string Timestamp = "1614265330";
    private const string Right = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

    private static readonly byte[] s_body = Encoding.UTF8.GetBytes("""{"test": 2432232314}""");
    private static readonly DateTimeOffset s_now = DateTimeOffset.FromUnixTimeSeconds(1614265330);

    [Theory]
    [InlineData(Right)]
    [InlineData("v1,bm90IHJpZ2h0 " + Right)]
    [InlineData(Right + " v2,other")]
    public void One_valid_signature_is_enough(string signatures) => Assert.Null(Check(signatures: signatures));

    [Theory]
    [InlineData(-300)]
    [InlineData(300)]
    public void Clocks_may_differ_by_five_minutes(int seconds) => Assert.Null(Check(now: s_now.AddSeconds(seconds)));

    [Theory]
    [InlineData(-301)]
    [InlineData(301)]
    public void Old_and_future_requests_are_refused(int seconds) =>
        Assert.Contains("5 minutes", Check(now: s_now.AddSeconds(seconds)), StringComparison.Ordinal);

    [Theory]
    [InlineData("")]
    [InlineData("v1,")]
    [InlineData("v1,bm90IHJpZ2h0")]
    [InlineData("v2,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=")]
    public void Invalid_signature_is_refused(string signatures) => Assert.NotNull(Check(signatures: signatures));

    [Fact]
    public void Signature_of_another_body_id_time_or_secret_is_refused()
    {
        Assert.NotNull(Check(body: Encoding.UTF8.GetBytes("""{"test": 2432232315}""")));
        Assert.NotNull(Check(id: "msg_other"));
        Assert.NotNull(Check(timestamp: "1614265331"));
        Assert.NotNull(Check(secret: "whsec_AAAA"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("now")]
    [InlineData("-1")]
    [InlineData("99999999999999999999")]
    [InlineData("9223372036854775807")]
    public void Invalid_timestamp_is_refused(string timestamp) => Assert.NotNull(Check(timestamp: timestamp));

    private static string? Check(
        string secret = Secret,
        string id = Id,
        string timestamp = Timestamp,
        string signatures = Right,
        byte[]? body = null,
        DateTimeOffset? now = null
    ) => SignatureCheck.GetError(secret, id, timestamp, signatures, body ?? s_body, now ?? s_now);
}
