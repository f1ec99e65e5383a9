using EventSubscriptions.Subscriptions;

namespace EventSubscriptions.Tests.Subscriptions;

public sealed class SigningSecretsTests
{
    private static readonly DateTimeOffset s_now = new(2026, 1, 31, 10, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Secret_is_32_random_bytes_in_base64_and_not_in_its_text()
    {
        var secret = SigningSecret.New();

        Assert.Matches("^whsec_[A-Za-z0-9+/]{43}=$", secret.Reveal());
        Assert.NotEqual(SigningSecret.New().Reveal(), secret.Reveal());
        Assert.Equal("***", secret.ToString());
        Assert.DoesNotContain(secret.Reveal(), new TimedSecret(secret, s_now).ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Rotation_puts_a_new_secret_first_and_keeps_the_old_one_for_the_overlap()
    {
        var first = SigningSecrets.New();

        var second = first.Rotate(s_now, TimeSpan.FromHours(1));

        Assert.Equal([(second.Current, DateTimeOffset.MaxValue), (first.Current, s_now.AddHours(1))], Terms(second));
        Assert.NotEqual(first.Current.Reveal(), second.Current.Reveal());
    }

    [Fact]
    public void Rotation_during_an_overlap_keeps_all_live_secrets_and_extends_none()
    {
        var first = SigningSecrets.New();
        var second = first.Rotate(s_now, TimeSpan.FromHours(1));

        var third = second.Rotate(s_now.AddMinutes(30), TimeSpan.FromHours(2));

        Assert.Equal(
            [(third.Current, DateTimeOffset.MaxValue), (second.Current, s_now.AddMinutes(150)), (first.Current, s_now.AddHours(1))],
            Terms(third)
        );
    }

    [Fact]
    public void Shorter_overlap_ends_all_previous_secrets()
    {
        var second = SigningSecrets.New().Rotate(s_now, TimeSpan.FromHours(24));

        var soon = Terms(second.Rotate(s_now, TimeSpan.FromMinutes(1)));
        Assert.Equal([DateTimeOffset.MaxValue, s_now.AddMinutes(1), s_now.AddMinutes(1)], soon.Select(secret => secret.Until));
        Assert.Single(Terms(second.Rotate(s_now, TimeSpan.Zero)));
    }

    [Fact]
    public void Expired_secrets_are_dropped_by_the_next_rotation()
    {
        var first = SigningSecrets.New();
        var second = first.Rotate(s_now, TimeSpan.FromHours(1));

        var third = second.Rotate(s_now.AddHours(1), TimeSpan.FromHours(1));

        Assert.Equal([third.Current, second.Current], Terms(third).Select(secret => secret.Secret));
    }

    [Fact]
    public void Oldest_secret_is_dropped_when_there_are_too_many()
    {
        var secrets = SigningSecrets.New();
        var all = new List<string> { secrets.Current.Reveal() };
        for (var i = 0; i < SigningSecrets.MaxCount; i++)
        {
            secrets = secrets.Rotate(s_now, TimeSpan.FromDays(1));
            all.Insert(0, secrets.Current.Reveal());
        }

        Assert.Equal(all.Take(SigningSecrets.MaxCount), Terms(secrets).Select(secret => secret.Secret.Reveal()));
    }

    [Fact]
    public void Secrets_round_trip()
    {
        var secrets = SigningSecrets.New().Rotate(s_now, TimeSpan.FromHours(1));

        var read = SigningSecrets.Read(secrets.ToBytes());

        Assert.Equal(Texts(secrets), Texts(read));
        Assert.Throws<InvalidDataException>(() => SigningSecrets.Read(secrets.ToBytes().AsMemory(1)));

        static IEnumerable<(string, DateTimeOffset)> Texts(SigningSecrets secrets) =>
            Terms(secrets).Select(secret => (secret.Secret.Reveal(), secret.Until));
    }

    private static (SigningSecret Secret, DateTimeOffset Until)[] Terms(SigningSecrets secrets) =>
        [.. secrets.All.ToArray().Select(secret => (secret.Secret, secret.Until))];
}
