using System.Text;
using EventSubscriptions.Deliveries;

namespace EventSubscriptions.Tests.Deliveries;

public sealed class ResponseScrubberTests
{
    private const string Secret = "abc?123>xyz~0987654321";

    [Theory]
    [InlineData("", null)]
    [InlineData("fine", "fine")]
    [InlineData($"x{Secret}y{Secret}", "x***y***")]
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
        var encoded = Convert.ToBase64String(Encoding.UTF8.GetBytes($"{before}{Secret}tail"));
        var withoutSecret = Convert.ToBase64String(Encoding.UTF8.GetBytes($"{before}{new string('\0', Secret.Length)}tail"));

        foreach (var form in (string[])[encoded, encoded.Replace('+', '-').Replace('/', '_')])
        {
            var shown = Scrub(form);

            // What is left is what would be there without the secret, but for the characters that hold bits of both.
            Assert.Contains("***", shown, StringComparison.Ordinal);
            Assert.True(shown!.Length <= withoutSecret.Count(letter => letter != 'A') + 3 + 2, shown);
        }
    }

    [Fact]
    public void Secret_in_utf16_is_cut_out() =>
        Assert.Equal("x***y", ResponseScrubber.Scrub(Encoding.Unicode.GetBytes($"x{Secret}y"), truncated: false, Secret, 100));

    [Fact]
    public void Beginning_of_a_secret_is_cut_out_when_the_answer_was_cut_short()
    {
        var bytes = Encoding.UTF8.GetBytes($"x{Secret[..^1]}");

        Assert.Equal("x", ResponseScrubber.Scrub(bytes, truncated: true, Secret, 100));
        Assert.Equal($"x{Secret[..^1]}", ResponseScrubber.Scrub(bytes, truncated: false, Secret, 100));
    }

    [Fact]
    public void Long_answer_is_shortened_after_the_secret_was_cut_out() =>
        Assert.Equal("12345678", ResponseScrubber.Scrub(Encoding.UTF8.GetBytes($"12345678{Secret}"), truncated: false, Secret, 8));

    [Fact]
    public void Answer_is_not_cut_within_a_character() =>
        Assert.Equal("1234567", ResponseScrubber.Scrub("1234567😀"u8, truncated: false, Secret, 8));

    private static string? Scrub(string answer) =>
        ResponseScrubber.Scrub(Encoding.UTF8.GetBytes(answer), truncated: false, Secret, 1024);
}
