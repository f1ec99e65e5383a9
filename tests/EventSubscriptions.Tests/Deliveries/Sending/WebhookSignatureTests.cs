using EventSubscriptions.Deliveries.Sending;
using EventSubscriptions.Subscriptions;

namespace EventSubscriptions.Tests.Deliveries.Sending;

/// <summary>The published library verifies more of this in <c>SignatureScenarios</c>.</summary>
public sealed class WebhookSignatureTests
{
    private static readonly DateTimeOffset s_at = DateTimeOffset.FromUnixTimeSeconds(1614265330);
    private static readonly byte[] s_body = "{\"test\": 2432232314}"u8.ToArray();

    /// <summary>The example of the Standard Webhooks' own libraries. Its key is shorter than ours.</summary>
    [Fact]
    public void Signature_matches_the_published_example()
    {
        var key = Convert.FromBase64String("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");

        var signature = WebhookSignature.Of("msg_p5jXN8AQM9LWM0D4loKWxJek", s_at, s_body, SigningSecrets.Of(new SigningSecret(key)));

        Assert.Equal("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=", signature);
    }

    [Fact]
    public void Each_live_secret_signs_and_the_newest_first()
    {
        var old = SigningSecrets.New();
        var both = old.Rotate(s_at, TimeSpan.FromSeconds(1));

        Assert.NotEqual(Sign(SigningSecrets.Of(both.Current), s_at), Sign(old, s_at));
        Assert.Equal($"{Sign(SigningSecrets.Of(both.Current), s_at)} {Sign(old, s_at)}", Sign(both, s_at));
    }

    [Fact]
    public void Secret_signs_until_its_end_and_no_longer()
    {
        var both = SigningSecrets.New().Rotate(s_at, TimeSpan.FromSeconds(1));

        Assert.Equal(2, Sign(both, s_at.AddSeconds(1).AddTicks(-1))!.Split(' ').Length);
        Assert.Equal(Sign(SigningSecrets.Of(both.Current), s_at.AddSeconds(1)), Sign(both, s_at.AddSeconds(1)));
    }

    [Fact]
    public void There_is_no_signature_when_there_is_no_secret() => Assert.Null(Sign(SigningSecrets.None, s_at));

    [Fact]
    public void Signature_has_room_for_all_live_secrets()
    {
        var secrets = SigningSecrets.New();
        for (var i = 1; i < SigningSecrets.MaxCount; i++)
        {
            secrets = secrets.Rotate(s_at, TimeSpan.FromDays(1));
        }

        var signatures = WebhookSignature.Of(new string('x', 64), s_at, s_body, secrets)!.Split(' ');

        Assert.Equal(SigningSecrets.MaxCount, signatures.Distinct(StringComparer.Ordinal).Count());
    }

    private static string? Sign(SigningSecrets secrets, DateTimeOffset at) => WebhookSignature.Of("evt_1", at, s_body, secrets);
}
