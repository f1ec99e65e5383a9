using System.Net;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using EventSubscriptions.Deliveries.Sending;
using EventSubscriptions.Destinations;
using EventSubscriptions.Secrets;
using EventSubscriptions.Subscriptions.Authentication;

namespace EventSubscriptions.Tests.Destinations;

public sealed class ResponseScrubberTests
{
    private const string Token = "abc?123>xyz~0987654321";

    private static readonly JsonSerializerOptions s_relaxed = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>With what each kind of escaping touches.</summary>
    private const string Awkward = "abc+def/ghi==0123&\"<>'%zz";

    [Theory]
    [InlineData("", null)]
    [InlineData("fine", "fine")]
    [InlineData($"x{Token}y{Token}", "x***y***")]
    [InlineData("a\0b\u001b[31mc\r\nd\te", "ab[31mc\nd\te")]
    public void Snippet_is_printable_text(string response, string? shown) => Assert.Equal(shown, Scrub(response));

    [Theory]
    [InlineData("")]
    [InlineData("u")]
    [InlineData("us")]
    [InlineData("use")]
    [InlineData("user:")]
    public void Secret_is_removed_from_any_position_in_base64(string before)
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
    public void Signing_secret_is_removed_in_every_form_when_it_contains_the_token()
    {
        var subscription = Given.Subscription(Given.Organization(), TimeProvider.System);
        var secret = subscription.SigningSecrets.Current.Reveal();
        subscription = subscription with
        {
            Authentication = new SubscriptionAuthentication.Bearer(new Secret(secret[10..12])),
            SigningSecrets = subscription.SigningSecrets.Rotate(subscription.CreatedAt, TimeSpan.FromHours(1)),
        };
        var bare = secret["whsec_".Length..];
        string[] forms =
        [
            secret,
            bare,
            bare.TrimEnd('='),
            bare.Replace('+', '-').Replace('/', '_'),
            subscription.SigningSecrets.Current.Reveal(),
            Convert.ToBase64String(Encoding.UTF8.GetBytes(secret)),
            Convert.ToBase64String(Encoding.UTF8.GetBytes($"x{secret}")),
        ];

        foreach (var form in forms)
        {
            var shown = ResponseScrubber.Scrub(Encoding.UTF8.GetBytes(form), truncated: false, SubscriptionSecrets.Of(subscription), 1024);

            // A part of the prefix may look like the token and be cut out too.
            Assert.Contains("***", shown, StringComparison.Ordinal);
            Assert.True(shown!.Replace("***", "", StringComparison.Ordinal).Length <= "d2hzZWNf".Length + "XX==".Length, shown);
        }
    }

    public static TheoryData<string> Encodings()
    {
        const string Escaped = "+/&\"'<>";
        var percent = Uri.EscapeDataString(Awkward);
        var json = JsonSerializer.Serialize(Awkward)[1..^1];
        var relaxed = JsonSerializer.Serialize(Awkward, s_relaxed)[1..^1];
        var html = WebUtility.HtmlEncode(Awkward);
        return
        [
            percent,
            percent.Replace("%2B", "%2b", StringComparison.Ordinal).Replace("%2F", "%2f", StringComparison.Ordinal),
            percent.Replace("%2F", "/", StringComparison.Ordinal),
            json,
            json.Replace("\\u002B", "\\u002b", StringComparison.Ordinal),
            relaxed,
            relaxed.Replace("/", "\\/", StringComparison.Ordinal),
            html,
            string.Concat(
                Awkward.Select(letter => Escaped.Contains(letter, StringComparison.Ordinal) ? $"&#x{(int)letter:X};" : $"{letter}")
            ),
            string.Concat(Awkward.Select(letter => $"&#{(int)letter};")),
            string.Concat(Awkward.Select(letter => $"\\x{(int)letter:x2}")),
            JsonSerializer.Serialize(html)[1..^1],
            JsonSerializer.Serialize(json)[1..^1],
            Uri.EscapeDataString(percent),
            Convert.ToHexString(Encoding.UTF8.GetBytes(Awkward)),
            Convert.ToHexStringLower(Encoding.UTF8.GetBytes(Awkward)),
            Uri.EscapeDataString(Convert.ToBase64String(Encoding.UTF8.GetBytes(Awkward))),
        ];
    }

    [Theory]
    [MemberData(nameof(Encodings))]
    public void Secret_is_removed_however_it_is_escaped(string encoded)
    {
        Assert.NotEqual(Awkward, encoded);

        var shown = ResponseScrubber.Scrub(
            Encoding.UTF8.GetBytes($"{{\"a\":\"{encoded}\"}} ü"),
            truncated: false,
            new SecretForms([Awkward]),
            1024
        );

        Assert.Matches("^{\"a\":\"\\*\\*\\*.{0,8}\"} ü$", shown);
    }

    [Theory]
    [InlineData("No route for POST /hook?key=QUERY%2BSECRET1&v=12345", "No route for POST /hook?key=***&v=12345")]
    [InlineData("""{"key":"QUERY+SECRET1"}""", """{"key":"***"}""")]
    [InlineData("a phrase of words, a+phrase+of+words", "***, ***")]
    public void Values_of_the_query_of_the_URL_are_removed(string response, string shown)
    {
        var subscription = Given.Subscription(Given.Organization(), TimeProvider.System) with
        {
            Url = new Uri("https://example.com/hook?key=QUERY%2BSECRET1&v=12345&a+phrase+of+words"),
        };

        Assert.Equal(
            shown,
            ResponseScrubber.Scrub(Encoding.UTF8.GetBytes(response), truncated: false, SubscriptionSecrets.Of(subscription), 1024)
        );
    }

    [Theory]
    [InlineData("100 % of \\ & so on; &amp; 50%25 \\u00fc\\n")]
    [InlineData("%")]
    [InlineData("\\u12")]
    [InlineData("&;&#;&#x;&#xFFFFFF;&bogus;\\ud800")]
    public void Escapes_stay_when_they_hide_no_secret(string response) => Assert.Equal(response, Scrub(response));

    [Theory]
    [InlineData("x%61bc%3F12", "x")]
    [InlineData("xabc\\u003F123\\u00", "x")]
    public void Start_of_an_escaped_secret_is_removed_at_the_end_of_a_truncated_response(string response, string shown) =>
        Assert.Equal(shown, ResponseScrubber.Scrub(Encoding.UTF8.GetBytes(response), truncated: true, new SecretForms([Token]), 100));

    [Fact]
    public void Secret_in_UTF_16_is_removed() =>
        Assert.Equal(
            "x***y",
            ResponseScrubber.Scrub(Encoding.Unicode.GetBytes($"x{Token}y"), truncated: false, new SecretForms([Token]), 100)
        );

    [Fact]
    public void Start_of_a_secret_is_removed_at_the_end_of_a_truncated_response()
    {
        var bytes = Encoding.UTF8.GetBytes($"x{Token[..^1]}");

        Assert.Equal("x", ResponseScrubber.Scrub(bytes, truncated: true, new SecretForms([Token]), 100));
        Assert.Equal($"x{Token[..^1]}", ResponseScrubber.Scrub(bytes, truncated: false, new SecretForms([Token]), 100));
    }

    [Fact]
    public void Long_response_is_truncated_after_secrets_were_removed() =>
        Assert.Equal(
            "12345678",
            ResponseScrubber.Scrub(Encoding.UTF8.GetBytes($"12345678{Token}"), truncated: false, new SecretForms([Token]), 8)
        );

    [Fact]
    public void Response_is_not_truncated_within_a_character() =>
        Assert.Equal("1234567", ResponseScrubber.Scrub("1234567😀"u8, truncated: false, new SecretForms([Token]), 8));

    private static string? Scrub(string response) =>
        ResponseScrubber.Scrub(Encoding.UTF8.GetBytes(response), truncated: false, new SecretForms([Token]), 1024);
}
