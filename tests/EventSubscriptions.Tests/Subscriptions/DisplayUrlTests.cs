using EventSubscriptions.Subscriptions;

namespace EventSubscriptions.Tests.Subscriptions;

public sealed class DisplayUrlTests
{
    [Theory]
    [InlineData("https://example.com", "https://example.com/")]
    [InlineData("https://example.com:8443/a%20b/c", "https://example.com:8443/a%20b/c")]
    [InlineData("https://example.com/?", "https://example.com/")]
    [InlineData("https://example.com/hook?code=s3cret&x=%20y", "https://example.com/hook?code=***&x=***")]
    [InlineData("https://example.com/hook?s3cret", "https://example.com/hook?***")]
    [InlineData("https://example.com/hook?a=&&b=c=d", "https://example.com/hook?a=***&&b=***")]
    [InlineData("https://example.com/hook?sig=a/b?c", "https://example.com/hook?sig=***")]
    public void Values_of_the_query_are_masked(string url, string expected) => Assert.Equal(expected, DisplayUrl.Of(new Uri(url)));
}
