using EventSubscriptions.Options;
using EventSubscriptions.Subscriptions.Authentication;
using Microsoft.Extensions.Configuration;

namespace EventSubscriptions.Tests.Subscriptions;

public sealed class ManagedIdentityOptionsTests
{
    private const string Own = "99999999-2222-3333-4444-555555555555";
    private const string Valid = "11111111-2222-3333-4444-555555555555";

    [Fact]
    public void Identity_is_for_its_resource_and_hosts()
    {
        var (options, errors) = Read(("api://receiver", Valid, "Receiver.example.com, other.example.com"));

        Assert.Empty(errors);
        Assert.Null(options.Check("api://receiver", new Uri("https://receiver.example.com:8443/a")));
        Assert.Null(options.Check("api://receiver", new Uri("https://OTHER.example.com./")));
        Assert.NotNull(options.Check("api://receiver", new Uri("https://x.receiver.example.com/")));
        Assert.NotNull(options.Check("api://receiver/", new Uri("https://receiver.example.com/")));
    }

    [Fact]
    public void There_is_no_identity_by_default() => Assert.Empty(Read(("", "", "")).Options.All);

    [Theory]
    [InlineData("", Valid, "a.example", "Deliveries__ManagedIdentities__0__Resource is required")]
    [InlineData("a b", Valid, "a.example", "Deliveries__ManagedIdentities__0__Resource must be 1 to 256 printable ASCII characters")]
    [InlineData("r", "", "a.example", "Deliveries__ManagedIdentities__0__ClientId is required")]
    [InlineData("r", "name", "a.example", "Deliveries__ManagedIdentities__0__ClientId must be the client id (a GUID)")]
    [InlineData("r", Own, "a.example", "Deliveries__ManagedIdentities__0__ClientId must not be that of the app's own identity")]
    [InlineData("r", Valid, "", "Deliveries__ManagedIdentities__0__Hosts is required")]
    [InlineData("r", Valid, "*", "Deliveries__ManagedIdentities__0__Hosts must be comma-separated host names")]
    [InlineData("r", Valid, "https://a.example", "Deliveries__ManagedIdentities__0__Hosts must be comma-separated host names")]
    [InlineData("r", Valid, "10.0.0.1", "Deliveries__ManagedIdentities__0__Hosts must be comma-separated host names")]
    public void Identity_is_refused_when_a_setting_is_not_valid(string resource, string clientId, string hosts, string error) =>
        Assert.StartsWith(error, Assert.Single(Read((resource, clientId, hosts)).Errors), StringComparison.Ordinal);

    [Fact]
    public void Resource_of_two_identities_is_refused() =>
        Assert.Equal(
            ["Deliveries__ManagedIdentities__1__Resource is the resource of another identity"],
            Read(("r", Valid, "a.example"), ("r", Valid, "b.example")).Errors
        );

    private static (ManagedIdentityOptions Options, IReadOnlyList<string> Errors) Read(
        params (string Resource, string ClientId, string Hosts)[] identities
    )
    {
        var settings = new Dictionary<string, string?>(StringComparer.Ordinal) { ["AZURE_CLIENT_ID"] = Own };
        foreach (var (index, (resource, clientId, hosts)) in identities.Index())
        {
            settings[$"Deliveries:ManagedIdentities:{index}:Resource"] = resource;
            settings[$"Deliveries:ManagedIdentities:{index}:ClientId"] = clientId;
            settings[$"Deliveries:ManagedIdentities:{index}:Hosts"] = hosts;
        }

        var reader = new OptionsReader(new ConfigurationBuilder().AddInMemoryCollection(settings).Build());
        return (ManagedIdentityOptions.Read(reader), reader.Errors);
    }
}
