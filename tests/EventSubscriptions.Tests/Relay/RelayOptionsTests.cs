using EventSubscriptions.Options;
using EventSubscriptions.Relay;
using Microsoft.Extensions.Configuration;

namespace EventSubscriptions.Tests.Relay;

public sealed class RelayOptionsTests
{
    private const string First = "Relay__Subscribers__0__";
    private const string Second = "Relay__Subscribers__1__";

    [Fact]
    public void Nothing_is_polled_by_default()
    {
        var (options, errors) = Read();

        Assert.Empty(errors);
        Assert.Empty(options.Subscribers);
        Assert.Equal((new Uri("https://api.relaypro.com"), TimeSpan.FromMinutes(5)), (options.BaseAddress, options.Overlap));
    }

    [Fact]
    public void Subscribers_are_read_with_their_keys_and_organizations()
    {
        var (options, errors) = Read(
            ("Relay__BaseAddress", "https://relay.example/api/"),
            ("Relay__Overlap", "00:10:00"),
            (First + "SubscriberId", "one"),
            (First + "ApiKey", "k1"),
            (First + "OrganizationId", "7"),
            (Second + "SubscriberId", "two"),
            (Second + "ApiKey", "k2"),
            (Second + "OrganizationId", "7"),
            ("Relay__Subscribers__2__SubscriberId", ""),
            ("Relay__Subscribers__2__ApiKey", "")
        );

        Assert.Empty(errors);
        Assert.Equal(
            [("one", "k1", 7), ("two", "k2", 7)],
            options.Subscribers.Select(one => (one.Id, one.ApiKey.Reveal(), one.OrganizationId.Value))
        );
        Assert.Equal(TimeSpan.FromMinutes(10), options.Overlap);
    }

    [Theory]
    [InlineData(First + "SubscriberId", "a/b")]
    [InlineData(First + "SubscriberId", "..")]
    [InlineData(First + "SubscriberId", "")]
    [InlineData(First + "ApiKey", "")]
    [InlineData(First + "ApiKey", "s3cret\r\nkey")]
    [InlineData(First + "ApiKey", "s3cret key")]
    [InlineData(First + "ApiKey", "schlüssel")]
    [InlineData(First + "OrganizationId", "")]
    [InlineData(First + "OrganizationId", "-1")]
    [InlineData(First + "OrganizationId", "one")]
    [InlineData(First + "OrganisationId", "1")]
    [InlineData("Relay__Overlap", "5")]
    [InlineData("Relay__Overlap", "2.00:00:00")]
    [InlineData("Relay__Overlaps", "00:05:00")]
    [InlineData("Relay__BaseAddress", "http://relay.example")]
    [InlineData("Relay__BaseAddress", "ftp://relay.example")]
    [InlineData("Relay__BaseAddress", "relay.example")]
    [InlineData("Relay__BaseAddress", "https://me:secret@relay.example")]
    [InlineData("Relay__BaseAddress", "https://relay.example?key=secret")]
    public void Error_names_the_setting_without_its_value(string name, string value)
    {
        var settings = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            [First + "SubscriberId"] = "one",
            [First + "ApiKey"] = "k1",
            [First + "OrganizationId"] = "1",
            [name] = value,
        };

        var error = Assert.Single(Read([.. settings.Select(setting => (setting.Key, setting.Value))]).Errors);

        Assert.StartsWith(name + " ", error, StringComparison.Ordinal);
        Assert.DoesNotContain("s3cret", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("http://127.0.0.1:8080")]
    [InlineData("http://localhost")]
    [InlineData("http://[::1]:8080")]
    public void Plain_http_is_accepted_for_loopback_addresses_only(string address) =>
        Assert.Empty(Read(("Relay__BaseAddress", address)).Errors);

    [Fact]
    public void Errors_of_all_subscribers_are_reported()
    {
        var (_, errors) = Read(
            (First + "SubscriberId", "one"),
            (First + "ApiKey", "k1"),
            (First + "OrganizationId", "1"),
            (Second + "SubscriberId", "one"),
            (Second + "OrganizationId", "-1"),
            ("Relay__Subscribers__2", "two")
        );

        Assert.Equal(
            [
                Second + "ApiKey",
                Second + "OrganizationId",
                Second + "SubscriberId",
                "Relay__Subscribers__2__SubscriberId",
                "Relay__Subscribers__2__ApiKey",
                "Relay__Subscribers__2__OrganizationId",
            ],
            errors.Select(error => error.Split(' ')[0])
        );
    }

    private static (RelayOptions Options, IReadOnlyList<string> Errors) Read(params (string Name, string Value)[] settings)
    {
        var reader = new OptionsReader(
            new ConfigurationBuilder()
                .AddInMemoryCollection(
                    settings.Select(setting =>
                        KeyValuePair.Create(setting.Name.Replace("__", ":", StringComparison.Ordinal), (string?)setting.Value)
                    )
                )
                .Build()
        );
        return (RelayOptions.Read(reader), reader.Errors);
    }
}
