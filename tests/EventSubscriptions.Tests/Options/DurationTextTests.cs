using EventSubscriptions.Options;

namespace EventSubscriptions.Tests.Options;

public sealed class DurationTextTests
{
    [Theory]
    [InlineData("00:00:00", "0.00:00:00")]
    [InlineData("00:00:05", "0.00:00:05")]
    [InlineData("1:02:03", "0.01:02:03")]
    [InlineData("24:00:00", "1.00:00:00")]
    [InlineData("99:59:59", "4.03:59:59")]
    [InlineData("1.00:00:00", "1.00:00:00")]
    [InlineData("30.23:59:59.999", "30.23:59:59.9990000")]
    [InlineData("00:00:00.2", "0.00:00:00.2000000")]
    [InlineData("00:00:00.1234567", "0.00:00:00.1234567")]
    public void Duration_is_read(string text, string expected)
    {
        Assert.True(DurationText.TryParse(text, out var duration));
        Assert.Equal(TimeSpan.ParseExact(expected, [@"d\.hh\:mm\:ss", @"d\.hh\:mm\:ss\.fffffff"], null), duration);
    }

    [Theory]
    [InlineData("")]
    [InlineData("30")]
    [InlineData("1.5")]
    [InlineData("00:30")]
    [InlineData("-00:00:01")]
    [InlineData("+00:00:01")]
    [InlineData(" 00:00:01")]
    [InlineData("00:00:01 ")]
    [InlineData("00:60:00")]
    [InlineData("00:00:60")]
    [InlineData("100:00:00")]
    [InlineData("1.24:00:00")]
    [InlineData("1:00:00:00")]
    [InlineData(".00:00:01")]
    [InlineData("00:00:01.")]
    [InlineData("99999999.00:00:00")]
    [InlineData("PT1S")]
    public void Text_is_not_a_duration_when_its_form_differs(string text) => Assert.False(DurationText.TryParse(text, out _));
}
