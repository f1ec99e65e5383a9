using System.Net;
using EventSubscriptions.Destinations;
using EventSubscriptions.Options;
using Microsoft.Extensions.Configuration;

namespace EventSubscriptions.Tests.Destinations;

public sealed class AllowedNetworksTests
{
    private const string Everything = "0.0.0.0/0,::/0";

    [Theory]
    [InlineData("10.1.0.0/16", "10.1.2.3", true)]
    [InlineData("10.1.0.0/16", "10.2.2.3", false)]
    [InlineData("10.1.0.0/16", "192.168.0.1", false)]
    [InlineData("192.168.7.1/32", "192.168.7.1", true)]
    [InlineData("127.0.0.0/8", "127.0.0.1", true)]
    [InlineData("127.0.0.0/8", "::1", false)]
    [InlineData("fd12:3456::/32", "fd12:3456::1", true)]
    [InlineData("fd12:3456::/32", "fd12:3457::1", false)]
    // Forms that are routed to the IPv4 address they embed.
    [InlineData("10.1.0.0/16", "::ffff:10.1.2.3", true)]
    [InlineData("10.1.0.0/16", "::ffff:10.2.2.3", false)]
    [InlineData("10.1.0.0/16", "64:ff9b::10.1.2.3", true)]
    [InlineData("10.1.0.0/16", "64:ff9b::10.2.2.3", false)]
    [InlineData("64:ff9b::/96", "64:ff9b::10.2.2.3", false)]
    // A form that is blocked itself.
    [InlineData("10.1.0.0/16", "::10.1.2.3", false)]
    // Teredo: the server and the client.
    [InlineData("10.1.0.0/16", "2001:0:0a01:0203:0:0:f5fe:fdfc", true)]
    [InlineData("10.1.0.0/16", "2001:0:0a01:0203:0:0:f5fd:fdfc", false)]
    [InlineData(Everything, "10.0.0.1", true)]
    [InlineData(Everything, "::ffff:10.0.0.1", true)]
    [InlineData(Everything, "169.254.169.254", false)]
    [InlineData(Everything, "169.254.0.1", false)]
    [InlineData(Everything, "168.63.129.16", false)]
    [InlineData(Everything, "100.100.100.200", false)]
    [InlineData(Everything, "fe80::1", false)]
    [InlineData(Everything, "fd00:ec2::254", false)]
    [InlineData(Everything, "::ffff:169.254.169.254", false)]
    [InlineData(Everything, "64:ff9b::169.254.169.254", false)]
    [InlineData(Everything, "::169.254.169.254", false)]
    public void Address_is_allowed_only_when_its_network_is(string networks, string address, bool isAllowed)
    {
        var guard = new DestinationGuard(Read(networks).Options);

        Assert.Equal(isAllowed, guard.CheckAddress(IPAddress.Parse(address)) is null);
        var host = address.Contains(':', StringComparison.Ordinal) ? $"[{address}]" : address;
        Assert.Equal(isAllowed, guard.CheckUrl(new Uri($"https://{host}/")) is null);
    }

    [Theory]
    [InlineData("https://localhost/", null)]
    [InlineData("https://8.8.8.8/", null)]
    [InlineData("http://127.0.0.1/", "must start with https://")]
    [InlineData("http://example.com/", "must start with https://")]
    public void Url_of_an_allowed_network_needs_https(string url, string? error) =>
        Assert.Equal(error, new DestinationGuard(Read("127.0.0.0/8").Options).CheckUrl(new Uri(url)));

    [Theory]
    [InlineData("10.0.0.0", 1)]
    [InlineData("10.0.0.0/8,", 2)]
    [InlineData("10.0.0.0/33", 1)]
    [InlineData("10.0.0.1/8", 1)]
    [InlineData("10.0.0.0/8, internal/8", 2)]
    [InlineData("fd00::/129", 1)]
    public void Setting_is_refused_when_a_network_is_not_valid(string networks, int number) =>
        Assert.Equal(
            [
                $"Deliveries__AllowedNetworks must be comma-separated networks such as 10.1.0.0/16 or fd12:3456::/32, whose address has no bits after the prefix; number {number} is invalid",
            ],
            Read(networks).Errors
        );

    private static (DestinationOptions Options, IReadOnlyList<string> Errors) Read(string networks)
    {
        var settings = new Dictionary<string, string?>(StringComparer.Ordinal) { ["Deliveries:AllowedNetworks"] = networks };
        var reader = new OptionsReader(new ConfigurationBuilder().AddInMemoryCollection(settings).Build());
        return (DestinationOptions.Read(reader), reader.Errors);
    }
}
