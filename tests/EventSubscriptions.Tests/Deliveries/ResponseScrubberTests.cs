using System.Text;
using EventSubscriptions.Access;
using EventSubscriptions.Deliveries;

namespace EventSubscriptions.Tests.Deliveries;

public sealed class ResponseScrubberTests
{
    private const string Token = "abc?123>xyz~0987654321";

    [Theory]
    [InlineData("", null)]
    [InlineData("fine", "fine")]
    [InlineData($"x{Token}y{Token}", "x***y***")]
    [InlineData("a\0b\u001b[31mc\r\nd\te", "ab[31mc\nd\te")]
    public void Answer_is_made_fit_to_be_shown(string answer, string? shown) => Assert.Equal(shown, Scrub(answer));

    [Theory]
    [InlineData("")]
    [InlineData("u")]
    [InlineData("us")]
    [InlineData("use")]
    [InlineData("user:")]
    public void Secret_is_cut_out_of_base64_wherever_it_lies_in_it(string before)
    {
        var encoded = Convert.ToBase64String(Encoding.UTF8.GetBytes($"{before}{Token}tail"));
        var withoutSecret = Convert.ToBase64String(Encoding.UTF8.GetBytes($"{before}{new string('\0', Token.Length)}tail"));

        foreach (var form in (string[])[encoded, encoded.Replace('+', '-').Replace('/', '_')])
        {
            var shown = Scrub(form);

            // What is left is what would be there without the secret, but for the characters that hold bits of both.
            Assert.Contains("***", shown, StringComparison.Ordinal);
            Assert.True(shown!.Length <= withoutSecret.Count(letter => letter != 'A') + 3 + 2, shown);
        }
    }

    [Fact]
    public void Signing_secret_is_cut_out_in_every_form_when_the_token_is_part_of_it()
    {
        var subscription = Given.Subscription(Given.Organization(), TimeProvider.System);
        var secret = subscription.SigningSecrets.Current.Reveal();
        subscription = subscription with
        {
            Token = new Secret(secret[10..12]),
            SigningSecrets = subscription.SigningSecrets.Rotate(subscription.CreatedAt, TimeSpan.FromHours(1)),
        };
        var bare = secret["whsec_".Length..];
        string[] forms =
        [
            secret, bare, bare.TrimEnd('='), bare.Replace('+', '-').Replace('/', '_'), subscription.SigningSecrets.Current.Reveal(),
            Convert.ToBase64String(Encoding.UTF8.GetBytes(secret)), Convert.ToBase64String(Encoding.UTF8.GetBytes($"x{secret}")),
        ];

        foreach (var form in forms)
        {
            var shown = ResponseScrubber.Scrub(Encoding.UTF8.GetBytes(form), truncated: false, ResponseScrubber.SecretsOf(subscription), 1024);

            Assert.True(shown!.Length <= "***".Length + "d2hzZWNf".Length + "XX==".Length, shown);
        }
    }

    [Fact]
    public void Secret_in_utf16_is_cut_out() =>
        Assert.Equal("x***y", ResponseScrubber.Scrub(Encoding.Unicode.GetBytes($"x{Token}y"), truncated: false, [Token], 100));

    [Fact]
    public void Beginning_of_a_secret_is_cut_out_when_the_answer_was_cut_short()
    {
        var bytes = Encoding.UTF8.GetBytes($"x{Token[..^1]}");

        Assert.Equal("x", ResponseScrubber.Scrub(bytes, truncated: true, [Token], 100));
        Assert.Equal($"x{Token[..^1]}", ResponseScrubber.Scrub(bytes, truncated: false, [Token], 100));
    }

    [Fact]
    public void Long_answer_is_shortened_after_the_secret_was_cut_out() =>
        Assert.Equal("12345678", ResponseScrubber.Scrub(Encoding.UTF8.GetBytes($"12345678{Token}"), truncated: false, [Token], 8));

    [Fact]
    public void Answer_is_not_cut_within_a_character() =>
        Assert.Equal("1234567", ResponseScrubber.Scrub("1234567😀"u8, truncated: false, [Token], 8));

    private static string? Scrub(string answer) =>
        ResponseScrubber.Scrub(Encoding.UTF8.GetBytes(answer), truncated: false, [Token], 1024);
}
