using System.Text.RegularExpressions;

namespace EventSubscriptions.Tests.Infrastructure;

/// <summary>The virtual network that the template creates on request.</summary>
public sealed class BicepNetworkTests
{
    [Fact]
    public async Task Network_is_created_on_request_only()
    {
        var main = await BicepFiles.Text("main.bicep");

        Assert.Contains("param privateNetwork bool = false\n", main, StringComparison.Ordinal);
        Assert.Contains("module network 'network.bicep' = if (privateNetwork) {\n", main, StringComparison.Ordinal);
        Assert.All(
            Regex.Matches(main, @"(?m)^.*network\.outputs\..*$").Select(match => match.Value),
            line => Assert.Contains("privateNetwork ? network.outputs.", line, StringComparison.Ordinal)
        );
    }

    [Fact]
    public async Task App_connects_from_the_network()
    {
        Assert.Contains(
            "virtualNetworkSubnetId: privateNetwork ? network.outputs.appSubnetId : virtualNetworkSubnetId\n",
            await BicepFiles.Text("main.bicep"),
            StringComparison.Ordinal
        );
        var network = await BicepFiles.Text("network.bicep");
        Assert.Matches(
            @"(?s)name: 'app'\n\s+properties: \{.*serviceName: 'Microsoft\.App/environments'.*natGateway: \{\n\s+id: natGateway\.id",
            network
        );
        Assert.Contains("output appSubnetId string = virtualNetwork::app.id\n", network, StringComparison.Ordinal);
    }

    /// <summary>Every account that the app uses, with the sub-resource that it uses of it.</summary>
    [Fact]
    public async Task Storage_and_Service_Bus_Premium_have_private_endpoints()
    {
        var network = await BicepFiles.Text("network.bicep");

        Assert.Equal(
            [
                ("serviceBus", "namespace", "serviceBusZone"),
                ("storage", "table", "tableZone"),
                ("hostStorage", "blob", "blobZone"),
                ("packageStorage", "blob", "blobZone"),
            ],
            Regex
                .Matches(network, @"target: (\w+)\.id, group: '(\w+)', zone: (\w+) \}")
                .Select(match => (match.Groups[1].Value, match.Groups[2].Value, match.Groups[3].Value))
        );
        Assert.Contains("var isPremium = serviceBusSku == 'Premium'\n", network, StringComparison.Ordinal);
        Assert.Contains("var serviceBusEndpoints = isPremium ? [", network, StringComparison.Ordinal);
    }

    /// <summary>Microsoft Learn, "Azure Private Endpoint private DNS zone values".</summary>
    [Fact]
    public async Task Dns_zones_are_those_of_private_endpoints()
    {
        var network = await BicepFiles.Text("network.bicep");

        Assert.Equal(
            [
                "privatelink.table.${environment().suffixes.storage}",
                "privatelink.blob.${environment().suffixes.storage}",
                "privatelink.servicebus.windows.net",
            ],
            Regex.Matches(network, @"(?m)^var \w+Zone = '(.*)'$").Select(match => match.Groups[1].Value)
        );
        Assert.Contains("registrationEnabled: false", network, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Receivers_see_one_static_address()
    {
        Assert.Contains("publicIPAllocationMethod: 'Static'", await BicepFiles.Text("network.bicep"), StringComparison.Ordinal);
        Assert.Contains("OUTBOUND_IP_ADDRESS", (await BicepFiles.Read("main.bicep")).Outputs);
    }

    /// <summary>Identities of receivers are additional: the app keeps its own.</summary>
    [Fact]
    public async Task Identities_of_receivers_are_assigned_to_the_app() =>
        Assert.Matches(
            @"(?s)userAssignedIdentities: union\(\{\n\s+'\$\{identity\.id\}': \{\}\n\s+'\$\{packageIdentity\.id\}': \{\}\n\s+\}, toObject\(managedIdentityIds, id => id, id => \{\}\)\)",
            await BicepFiles.Text("functionapp.bicep")
        );
}
