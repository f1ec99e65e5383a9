namespace EventSubscriptions.Tests.Infrastructure;

/// <summary>Settings of resources that keep others out, and that a deployment works without.</summary>
public sealed class BicepHardeningTests
{
    [Theory]
    [InlineData("blobs.bicep", "allowBlobPublicAccess: false")]
    [InlineData("blobs.bicep", "minimumTlsVersion: 'TLS1_2'")]
    [InlineData("blobs.bicep", "supportsHttpsTrafficOnly: true")]
    [InlineData("blobs.bicep", "publicAccess: 'None'")]
    [InlineData("storage.bicep", "supportsHttpsTrafficOnly: true")]
    [InlineData("main.bicep", "var isRestricted = !empty(allowedIpRanges) || !empty(virtualNetworkSubnetId) || privateNetwork")]
    [InlineData("main.bicep", "defaultAction: isRestricted ? 'Deny' : 'Allow'")]
    [InlineData("servicebus.bicep", "resource network 'networkRuleSets' = if (sku == 'Premium') {")]
    [InlineData("servicebus.bicep", "defaultAction: networkAcls.defaultAction")]
    [InlineData("storage.bicep", "allowBlobPublicAccess: false")]
    [InlineData("storage.bicep", "minimumTlsVersion: 'TLS1_2'")]
    [InlineData("servicebus.bicep", "minimumTlsVersion: '1.2'")]
    [InlineData("functionapp.bicep", "httpsOnly: true")]
    [InlineData("functionapp.bicep", "minTlsVersion: '1.2'")]
    [InlineData("functionapp.bicep", "ipSecurityRestrictionsDefaultAction: empty(clientIpRanges) ? 'Allow' : 'Deny'")]
    public async Task Resource_is_hardened(string file, string setting) =>
        Assert.Contains(setting, (await BicepFiles.Text(file)).Split('\n').Select(line => line.Trim()));
}
