using System.Net;
using EventSubscriptions.Destinations;

namespace EventSubscriptions.Tests.Destinations;

public sealed class DestinationGuardTests
{
    private static readonly DestinationGuard s_guard = new(new DestinationOptions());
    private static readonly DestinationGuard s_open = new(new DestinationOptions { AllowInsecureDestinations = true });

    private static readonly string[] s_always =
    [
        "168.63.129.16",
        "169.254.0.1",
        "169.254.169.254",
        "::ffff:169.254.169.254",
        "2001:0:a9fe:a9fe::1",
        "fd00:ec2::254",
        "fe80::1",
    ];

    [Theory]
    [InlineData("https://hooks.example.com/in")]
    [InlineData("https://hooks.example.com:8443/in?key=1")]
    [InlineData("https://hooks.example.com/@team?to=a@example.com")]
    [InlineData("https://1.1.1.1/")]
    [InlineData("https://[2606:4700:4700::1111]/")]
    [InlineData("https://bücher.example/")]
    [InlineData("https://xn--bcher-kva.example/")]
    [InlineData("https://日本.example/")]
    [InlineData("https://мир.example/")]
    [InlineData("https://localhost.example.com/")]
    public void URL_is_allowed_when_it_is_https_to_a_public_host(string url) => Assert.Null(s_guard.CheckUrl(new Uri(url)));

    [Theory]
    [InlineData("http://hooks.example.com/")]
    [InlineData("ftp://hooks.example.com/")]
    [InlineData("file:///etc/passwd")]
    [InlineData("https://@hooks.example.com/")]
    [InlineData("https:\\\\@hooks.example.com")]
    [InlineData("https://user@hooks.example.com/")]
    [InlineData("https://user:pass@hooks.example.com/")]
    [InlineData("https://hooks.example.com/#part")]
    [InlineData("https://hooks.example.com/#")]
    [InlineData("https://hooks.example.com:25/")]
    [InlineData("https://hooks.example.com:6379/")]
    [InlineData("https://hooks.example.com:0/")]
    public void URL_is_refused_when_its_form_is_not_allowed(string url) => Assert.NotNull(s_guard.CheckUrl(new Uri(url)));

    [Theory]
    [InlineData("https://אתר1.example/")]
    [InlineData("https://אa.example/")]
    [InlineData("https://aא.example/")]
    [InlineData("https://bu\u0308cher.example/")]
    [InlineData("https://\uf900.example/")]
    [InlineData("https://\u1112\u1161\u11ab.example/")]
    [InlineData("https://か\u3099.example/")]
    [InlineData("https://\u09c7\u09be.example/")]
    [InlineData("https://xn--.example/")]
    public void URL_is_refused_when_its_host_is_ambiguous(string url)
    {
        Assert.NotNull(s_guard.CheckUrl(new Uri(url)));
        Assert.NotNull(s_open.CheckUrl(new Uri(url)));
    }

    [Theory]
    [InlineData(60, 1, false)]
    [InlineData(1, 20, true)]
    [InlineData(1, 40, false)]
    public void URL_is_refused_when_its_host_is_too_long_for_DNS(int letters, int labels, bool isAllowed) =>
        Assert.Equal(
            isAllowed,
            s_guard.CheckUrl(new Uri($"https://{string.Concat(Enumerable.Repeat(new string('ü', letters) + ".", labels))}example/")) is null
        );

    [Fact]
    public void URL_is_refused_when_it_is_relative() => Assert.NotNull(s_guard.CheckUrl(new Uri("/in", UriKind.Relative)));

    [Theory]
    [InlineData("https://127.0.0.1/")]
    [InlineData("https://127.1/")]
    [InlineData("https://2130706433/")]
    [InlineData("https://0x7f000001/")]
    [InlineData("https://0x7f.1/")]
    [InlineData("https://0177.0.0.1/")]
    [InlineData("https://0x7f.0x0.0x0.0x1/")]
    [InlineData("https://0177.0x0.1/")]
    [InlineData("https://017700000001/")]
    [InlineData("https://00000177.0.0.01/")]
    [InlineData("https://0xA9FEA9FE/")]
    [InlineData("https://2852039166/")]
    [InlineData("https://10.1/")]
    [InlineData("https://172.1048577/")]
    [InlineData("https://127.0.0.1./")]
    [InlineData("https://0x7f000001./")]
    [InlineData("https://127。0。0。1/")]
    [InlineData("https://１２７.0.0.1/")]
    [InlineData("https://①②⑦.0.0.1/")]
    [InlineData("https://０ｘ７ｆ.1/")]
    [InlineData("https://１６９．２５４．１６９．２５４/")]
    [InlineData("https://127｡0｡0｡1/")]
    [InlineData("https://256.1.1.1/")]
    [InlineData("https://4294967297/")]
    [InlineData("https://0/")]
    [InlineData("https://[::]/")]
    [InlineData("https://[::1]/")]
    [InlineData("https://[0:0:0:0:0:0:0:1]/")]
    [InlineData("https://[::ffff:127.0.0.1]/")]
    [InlineData("https://[::ffff:7f00:1]/")]
    [InlineData("https://[0000::0001]/")]
    [InlineData("https://[::127.0.0.1]/")]
    [InlineData("https://[::ffff:0:127.0.0.1]/")]
    [InlineData("https://[::ffff:a9fe:a9fe]/")]
    [InlineData("https://[64:ff9b::127.0.0.1]/")]
    [InlineData("https://[64:ff9b::a9fe:a9fe]/")]
    [InlineData("https://[2002:7f00:1::]/")]
    [InlineData("https://[2001:0:7f00:1::]/")]
    [InlineData("https://[2001::80ff:fffe]/")]
    [InlineData("https://[fd00:ec2::254]/")]
    [InlineData("https://[fe80::1]/")]
    [InlineData("https://[fe80::1%25eth0]/")]
    [InlineData("https://localhost/")]
    [InlineData("https://LocalHost/")]
    [InlineData("https://localhost./")]
    [InlineData("https://localhost。/")]
    [InlineData("https://ｌｏｃａｌｈｏｓｔ/")]
    [InlineData("https://ⓛⓞⓒⓐⓛⓗⓞⓢⓣ/")]
    [InlineData("https://a.localhost/")]
    [InlineData("https://a.b.localhost./")]
    [InlineData("https://169.254.169.254/latest/meta-data")]
    [InlineData("https://168.63.129.16/")]
    public void URL_is_refused_when_its_host_is_a_private_address(string url) => Assert.NotNull(s_guard.CheckUrl(new Uri(url)));

    [Theory]
    [InlineData("https://LOCALHOST../")]
    [InlineData("https://𝐥𝐨𝐜𝐚𝐥𝐡𝐨𝐬𝐭/")]
    [InlineData("https://ªmazon.example/")]
    [InlineData("https://%31%32%37.0.0.1/")]
    [InlineData("https://127.0.0.1%2e/")]
    [InlineData("https://local%68ost/")]
    [InlineData("https://[::1]%2eexample.com/")]
    [InlineData("https://127.0.0.1\\@example.com/")]
    [InlineData("https://127.0.0.1:443@example.com/")]
    [InlineData("https://[::1%25]/")]
    [InlineData("https:///127.0.0.1/")]
    [InlineData("https:127.0.0.1/")]
    public void URL_is_refused_when_its_host_is_an_address_in_disguise(string url) =>
        Assert.True(!Uri.TryCreate(url, UriKind.Absolute, out var parsed) || s_guard.CheckUrl(parsed) is not null);

    [Theory]
    [InlineData("0.0.0.0")]
    [InlineData("0.1.2.3")]
    [InlineData("10.0.0.0")]
    [InlineData("10.255.255.255")]
    [InlineData("100.64.0.0")]
    [InlineData("100.127.255.255")]
    [InlineData("127.0.0.1")]
    [InlineData("127.255.255.254")]
    [InlineData("168.63.129.16")]
    [InlineData("169.254.0.1")]
    [InlineData("169.254.169.254")]
    [InlineData("172.16.0.0")]
    [InlineData("172.31.255.255")]
    [InlineData("192.0.0.8")]
    [InlineData("192.0.2.1")]
    [InlineData("192.88.99.1")]
    [InlineData("192.168.1.1")]
    [InlineData("198.18.0.1")]
    [InlineData("198.19.255.255")]
    [InlineData("198.51.100.1")]
    [InlineData("203.0.113.1")]
    [InlineData("224.0.0.1")]
    [InlineData("239.255.255.255")]
    [InlineData("240.0.0.1")]
    [InlineData("255.255.255.255")]
    [InlineData("::")]
    [InlineData("::1")]
    [InlineData("::127.0.0.1")]
    [InlineData("::8.8.8.8")]
    [InlineData("::ffff:10.0.0.1")]
    [InlineData("::ffff:169.254.169.254")]
    [InlineData("::ffff:0:127.0.0.1")]
    [InlineData("64:ff9b::10.0.0.1")]
    [InlineData("64:ff9b::127.0.0.1")]
    [InlineData("64:ff9b:1::1")]
    [InlineData("100::1")]
    [InlineData("2001:0:a9fe:a9fe::1")]
    [InlineData("2001:0:808:808::f5ff:fffe")]
    [InlineData("2001:2::1")]
    [InlineData("2001:10::1")]
    [InlineData("2001:db8::1")]
    [InlineData("2002:7f00:1::1")]
    [InlineData("2002:a00:1::1")]
    [InlineData("3fff::1")]
    [InlineData("4000::1")]
    [InlineData("5f00::1")]
    [InlineData("a000::1")]
    [InlineData("fc00::1")]
    [InlineData("fd00:ec2::254")]
    [InlineData("fe80::1")]
    [InlineData("fec0::1")]
    [InlineData("ff02::1")]
    public void Address_is_blocked_when_it_is_not_public(string address)
    {
        Assert.NotNull(s_guard.CheckAddress(IPAddress.Parse(address)));
        Assert.Equal(s_always.Contains(address), s_open.CheckAddress(IPAddress.Parse(address)) is not null);
    }

    [Theory]
    [InlineData("http://169.254.169.254/latest/meta-data")]
    [InlineData("http://[::169.254.169.254]/")]
    [InlineData("http://[::ffff:0:a9fe:a9fe]/")]
    [InlineData("http://[64:ff9b:1::a9fe:a9fe]/")]
    [InlineData("http://[2001::5601:5601]/")]
    [InlineData("http://[fd00:ec2::254]/")]
    [InlineData("http://100.100.100.200/")]
    [InlineData("http://192.0.0.192/")]
    [InlineData("http://169.254.0.1/")]
    [InlineData("http://168.63.129.16/")]
    [InlineData("http://0xA9FEA9FE/")]
    [InlineData("http://[::ffff:169.254.169.254]/")]
    [InlineData("http://[64:ff9b::a83f:8110]/")]
    [InlineData("http://[fe80::1]/")]
    public void Address_of_the_platform_is_blocked_whatever_the_settings(string url) => Assert.NotNull(s_open.CheckUrl(new Uri(url)));

    [Theory]
    [InlineData(253, true)]
    [InlineData(254, false)]
    public void Host_is_accepted_up_to_the_length_that_DNS_allows(int length, bool allowed)
    {
        var host = string.Concat(Enumerable.Repeat("a.", 125))[..(length - 4)] + "aaaa";

        Assert.Equal(allowed, s_guard.CheckUrl(new Uri($"https://{host}/")) is null);
    }

    [Theory]
    [InlineData("1.1.1.1")]
    [InlineData("9.255.255.255")]
    [InlineData("11.0.0.0")]
    [InlineData("100.63.255.255")]
    [InlineData("100.128.0.0")]
    [InlineData("172.15.255.255")]
    [InlineData("172.32.0.0")]
    [InlineData("168.63.129.17")]
    [InlineData("192.0.1.1")]
    [InlineData("223.255.255.255")]
    [InlineData("2606:4700:4700::1111")]
    [InlineData("::ffff:8.8.8.8")]
    [InlineData("64:ff9b::8.8.8.8")]
    [InlineData("2002:808:808::1")]
    public void Address_is_allowed_when_it_is_public(string address) => Assert.Null(s_guard.CheckAddress(IPAddress.Parse(address)));

    [Fact]
    public void Error_names_the_kind_of_a_blocked_address() =>
        Assert.Equal(
            "64:ff9b::a00:1 is a private address (10.0.0.1) in NAT64 form.",
            s_guard.CheckAddress(IPAddress.Parse("64:ff9b::10.0.0.1"))
        );

    [Theory]
    [InlineData("http://127.0.0.1:9000/in")]
    [InlineData("http://localhost/")]
    [InlineData("https://192.168.1.1/")]
    public void HTTP_and_private_hosts_are_allowed_by_the_setting(string url) => Assert.Null(s_open.CheckUrl(new Uri(url)));

    [Theory]
    [InlineData("ftp://127.0.0.1/")]
    [InlineData("http://user@127.0.0.1/")]
    [InlineData("http://127.0.0.1:22/")]
    [InlineData("http://127.0.0.1/#part")]
    public void Form_of_a_URL_is_checked_when_insecure_destinations_are_allowed(string url) =>
        Assert.NotNull(s_open.CheckUrl(new Uri(url)));
}
