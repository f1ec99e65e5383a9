using System.Globalization;
using EventSubscriptions.Http;

namespace EventSubscriptions.Tests.Http;

public sealed class IsoTimeTests
{
    [Theory]
    [InlineData("2026-01-31T08:30:00Z", "2026-01-31T08:30:00.0000000Z")]
    [InlineData("2026-01-31t08:30:00z", "2026-01-31T08:30:00.0000000Z")]
    [InlineData("2026-01-31T08:30Z", "2026-01-31T08:30:00.0000000Z")]
    [InlineData("2026-01-31T08:30:00.5+02:00", "2026-01-31T06:30:00.5000000Z")]
    [InlineData("2026-01-31T08:30:00.1234567Z", "2026-01-31T08:30:00.1234567Z")]
    [InlineData("2026-01-31T08:30:00.12345678Z", "2026-01-31T08:30:00.1234567Z")]
    [InlineData("2026-01-31T08:30:00.123456789z", "2026-01-31T08:30:00.1234567Z")]
    [InlineData("2026-01-31T08:30:00.999999999-05:30", "2026-01-31T14:00:00.9999999Z")]
    [InlineData("0001-01-01T00:00:00Z", "0001-01-01T00:00:00.0000000Z")]
    public void Time_is_read_in_UTC_to_the_tick(string text, string expected)
    {
        Assert.True(IsoTime.TryParse(text, out var time));
        Assert.Equal(expected, time.UtcDateTime.ToString("O", CultureInfo.InvariantCulture));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("2026-01-31")]
    [InlineData("2026-01-31T08:30:00")]
    [InlineData("2026-01-31T08:30:00.1234567890Z")]
    [InlineData("2026-01-31T08:30:00.123456789")]
    [InlineData("2026-01-31T08:30:00+0200")]
    [InlineData("2026-01-31T08:30:00 02:00")]
    [InlineData("2026-02-29T08:30:00Z")]
    [InlineData("2026-01-31T24:00:00Z")]
    [InlineData("2026-01-31T23:59:60Z")]
    [InlineData("9999-12-31T23:59:59.9999999-14:00")]
    [InlineData("0001-01-01T00:00:00+14:00")]
    public void Text_is_not_a_time_when_its_form_differs(string? text) => Assert.False(IsoTime.TryParse(text, out _));
}
