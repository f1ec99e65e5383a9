using System.Text.RegularExpressions;
using Microsoft.Extensions.DependencyInjection;

namespace EventSubscriptions.Tests.Infrastructure;

/// <summary>Roles, identities, networks and logs of the deployed resources.</summary>
public sealed class BicepSecurityTests
{
    [Fact]
    public async Task Role_ids_are_those_of_the_built_in_roles()
    {
        var bicep = await BicepFiles.Text("roles.bicep");
        var declared = Regex
            .Matches(bicep, @"(?m)^  (\w+): '([0-9a-f-]{36})'$")
            .ToDictionary(match => match.Groups[1].Value, match => match.Groups[2].Value, StringComparer.Ordinal);

        Assert.Equal(s_roles, declared);
        Assert.All(
            declared.Keys,
            role => Assert.Contains($"'Microsoft.Authorization/roleDefinitions', roles.{role})", bicep, StringComparison.Ordinal)
        );
    }

    [Fact]
    public async Task Role_assignments_have_a_principal_type() =>
        Assert.All(
            await Resources("Microsoft.Authorization/roleAssignments"),
            assignment => Assert.Equal(["roleDefinitionId", "principalId", "principalType"], assignment.Properties)
        );

    /// <summary>Code that gets into an app which can write its own package would stay in it.</summary>
    [Fact]
    public async Task Package_is_written_by_an_identity_other_than_that_of_the_app()
    {
        var roles = await BicepFiles.Text("roles.bicep");
        var assignments = Regex
            .Matches(roles, @"(?s)scope: (\w+)\n.*?roles\.(\w+)\)\n    principalId: (\w+)\n")
            .Select(match => (Scope: match.Groups[1].Value, Role: match.Groups[2].Value, Principal: match.Groups[3].Value))
            .Where(assignment => assignment.Role.StartsWith("storage", StringComparison.Ordinal));

        Assert.Equal(
            [
                ("hostStorage", "storageBlobDataOwner", "appPrincipalId"),
                ("packageStorage", "storageBlobDataContributor", "packagePrincipalId"),
                ("storage", "storageTableDataContributor", "appPrincipalId"),
            ],
            assignments
        );
        var app = await BicepFiles.Text("functionapp.bicep");
        Assert.Matches(@"(?s)deployment: \{.*packageStorage\.properties.*userAssignedIdentityResourceId: packageIdentity\.id", app);
        Assert.Contains("AZURE_CLIENT_ID: identity.properties.clientId", app, StringComparison.Ordinal);
        Assert.Contains("keyVaultReferenceIdentity: identity.id", app, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Roles_are_for_the_identities_and_accounts_that_they_name()
    {
        var roles = Regex.Match(await BicepFiles.Text("main.bicep"), @"(?s)\nmodule roles .*?\n\}\n").Value;

        Assert.Equal(
            [
                ("appPrincipalId", "identity.outputs.principalId"),
                ("packagePrincipalId", "packageIdentity.outputs.principalId"),
                ("storageName", "storage.outputs.name"),
                ("hostStorageName", "hostStorage.outputs.name"),
                ("packageStorageName", "packageStorage.outputs.name"),
            ],
            Regex
                .Matches(roles, @"(?m)^    (\w+(?:PrincipalId|[sS]torageName)|storageName): (\w+\.outputs\.\w+)$")
                .Select(match => (match.Groups[1].Value, match.Groups[2].Value))
        );
    }

    /// <summary>An app that starts before it may read its secrets fails to start.</summary>
    [Fact]
    public async Task App_is_created_after_its_roles() =>
        Assert.Matches(@"module functionApp [^{]*\{[^{}]*\n  dependsOn: \[roles\]\n", await BicepFiles.Text("main.bicep"));

    /// <summary>These logs may cost more than the app.</summary>
    [Fact]
    public async Task Table_operations_are_logged_on_request_only()
    {
        Assert.Matches(@"(?m)^resource tables '\S+' = if \(logTableOperations\) \{$", await BicepFiles.Text("diagnostics.bicep"));
        Assert.Contains("param logTableOperations bool = false\n", await BicepFiles.Text("main.bicep"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Access_to_secrets_package_and_queues_is_logged()
    {
        var settings = await Resources("Microsoft.Insights/diagnosticSettings");
        Assert.All(settings, setting => Assert.Equal(["workspaceId", "logs"], setting.Properties));
        var bicep = await BicepFiles.Text("diagnostics.bicep");
        var logged = Regex
            .Matches(bicep, @"(?s)= \{\n  name: 'audit'\n  scope: ([\w:]+)\n.*?\n\}\n")
            .SelectMany(match =>
                Regex
                    .Matches(match.Value, "category: '(.*)'\n        enabled: true")
                    .Select(category => $"{match.Groups[1].Value} {category.Groups[1].Value}")
            );

        // Microsoft Learn, "Supported categories for Azure Monitor resource logs".
        Assert.Equal(
            [
                "keyVault AuditEvent",
                "packageStorage::blobs StorageRead",
                "packageStorage::blobs StorageWrite",
                "packageStorage::blobs StorageDelete",
                "serviceBus OperationalLogs",
                "serviceBus VNetAndIPFilteringLogs",
            ],
            logged
        );
    }

    [Theory]
    [InlineData("storage.bicep")]
    [InlineData("blobs.bicep")]
    [InlineData("servicebus.bicep")]
    public async Task Network_access_is_a_parameter(string file)
    {
        var parameters = (await BicepFiles.Read(file)).Params.Where(param => param.Required).Select(param => param.Name).ToList();

        Assert.Contains("publicNetworkAccess", parameters);
        Assert.Contains("networkAcls", parameters);
    }

    [Fact]
    public async Task Network_parameters_are_documented()
    {
        var docs = await File.ReadAllTextAsync(Repository.PathOf("docs", "deploying.md"));

        Assert.All(
            (string[])
                [
                    "PUBLIC_NETWORK_ACCESS",
                    "VIRTUAL_NETWORK_SUBNET_ID",
                    "allowedIpRanges",
                    "clientIpRanges",
                    "privateNetwork",
                    "OUTBOUND_IP_ADDRESS",
                    "logTableOperations",
                ],
            name => Assert.Contains($"`{name}`", docs, StringComparison.Ordinal)
        );
    }

    [Fact]
    public async Task Access_by_key_is_disabled()
    {
        Assert.Contains("allowSharedKeyAccess: false", await BicepFiles.Text("storage.bicep"), StringComparison.Ordinal);
        Assert.Contains("allowSharedKeyAccess: false", await BicepFiles.Text("blobs.bicep"), StringComparison.Ordinal);
        Assert.Contains("disableLocalAuth: true", await BicepFiles.Text("servicebus.bicep"), StringComparison.Ordinal);
        Assert.Contains("DisableLocalAuth: true", await BicepFiles.Text("monitoring.bicep"), StringComparison.Ordinal);
        Assert.Equal(2, Regex.Count(await BicepFiles.Text("functionapp.bicep"), @"allow: false\n"));
        var all = string.Concat(await Task.WhenAll((await BicepFiles.All()).Keys.Select(BicepFiles.Text)));
        Assert.DoesNotMatch(@"listKeys|listSecrets|getSecret|AccountKey=|SharedAccessKey", all);
    }

    // Microsoft Learn, "Azure built-in roles".
    private static readonly Dictionary<string, string> s_roles = new(StringComparer.Ordinal)
    {
        ["storageBlobDataOwner"] = "b7e6dc6d-f1e8-4753-8033-0f276bb0955b",
        ["storageBlobDataContributor"] = "ba92f5b4-2d11-453d-a403-e96b0029c9fe",
        ["storageTableDataContributor"] = "0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3",
        ["serviceBusDataOwner"] = "090c5cfd-751d-490a-894a-3ce6f1109419",
        ["keyVaultSecretsUser"] = "4633458b-17de-408a-b874-0445c86b69e6",
        ["keyVaultSecretsOfficer"] = "b86a8fe4-44ce-4948-aee5-eccb2c155cd7",
        ["monitoringMetricsPublisher"] = "3913510d-42f4-4e42-8a64-420c390055eb",
    };

    private static async Task<IEnumerable<BicepResource>> Resources(string type)
    {
        var found = (await BicepFiles.All())
            .Values.SelectMany(file => file.Resources)
            .Where(resource => resource.Type.StartsWith($"{type}@", StringComparison.Ordinal))
            .ToList();
        Assert.NotEmpty(found);
        return found;
    }
}
