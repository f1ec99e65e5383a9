using EventSubscriptions.Http;

namespace EventSubscriptions.Tests.Http;

public sealed class PlainTextTests
{
    [Theory]
    [InlineData("Operations")]
    [InlineData("  two  words ")]
    [InlineData("Überprüfung 日本 мир שלום 😀")]
    [InlineData("re\u0301sume\u0301")]
    public void Name_is_any_visible_line(string name) => Assert.Null(PlainText.CheckName(name));

    [Theory]
    [InlineData("")]
    [InlineData("   ")]
    [InlineData("\u00a0\u3000")]
    public void Name_is_not_blank(string name) => Assert.Equal("must not be blank", PlainText.CheckName(name));

    [Theory]
    [InlineData(0x0a)]
    [InlineData(0x1b)]
    [InlineData(0x7f)]
    [InlineData(0x85)]
    [InlineData(0xad)]
    [InlineData(0x034f)]
    [InlineData(0x061c)]
    [InlineData(0x115f)]
    [InlineData(0x180e)]
    [InlineData(0x200b)]
    [InlineData(0x200d)]
    [InlineData(0x2028)]
    [InlineData(0x2029)]
    [InlineData(0x202e)]
    [InlineData(0x2060)]
    [InlineData(0x2066)]
    [InlineData(0x2800)]
    [InlineData(0x3164)]
    [InlineData(0xfe0f)]
    [InlineData(0xfeff)]
    [InlineData(0xffa0)]
    [InlineData(0xe0041)]
    [InlineData(0xe0100)]
    public void Name_has_no_invisible_characters(int character) =>
        Assert.Equal(
            $"must be one line of visible characters; U+{character:X4} is not one",
            PlainText.CheckName($"a{char.ConvertFromUtf32(character)}b")
        );
}
