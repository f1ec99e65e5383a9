// The plan and the app.
param planName string
param name string
param identityName string
param packageIdentityName string
param storageName string
param hostStorageName string
param packageStorageName string
param packageContainerName string
param virtualNetworkSubnetId string
param managedIdentityIds array
param clientIpRanges array
param serviceBusNamespace string
param keyVaultName string
param applicationInsightsName string
param instanceMemoryMB int
param maximumInstanceCount int
param relaySubscribers array
param appSettings object
param location string
param tags object

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2023-01-31' existing = {
  name: identityName
}

resource packageIdentity 'Microsoft.ManagedIdentity/userAssignedIdentities@2023-01-31' existing = {
  name: packageIdentityName
}

resource storage 'Microsoft.Storage/storageAccounts@2023-05-01' existing = {
  name: storageName
}

resource packageStorage 'Microsoft.Storage/storageAccounts@2023-05-01' existing = {
  name: packageStorageName
}

resource applicationInsights 'Microsoft.Insights/components@2020-02-02' existing = {
  name: applicationInsightsName
}

// Without a version: the app uses a new version within a day, or after a restart.
var secretReference = '@Microsoft.KeyVault(VaultName=${keyVaultName};SecretName='

var ownSettings = {
  AzureWebJobsStorage__accountName: hostStorageName
  AzureWebJobsStorage__credential: 'managedidentity'
  AzureWebJobsStorage__clientId: identity.properties.clientId
  APPLICATIONINSIGHTS_CONNECTION_STRING: applicationInsights.properties.ConnectionString
  APPLICATIONINSIGHTS_AUTHENTICATION_STRING: 'ClientId=${identity.properties.clientId};Authorization=AAD'
  AZURE_CLIENT_ID: identity.properties.clientId
  AZURE_TOKEN_CREDENTIALS: 'ManagedIdentityCredential'
  Tables__serviceUri: storage.properties.primaryEndpoints.table
  ServiceBus__fullyQualifiedNamespace: serviceBusNamespace
  ServiceBus__credential: 'managedidentity'
  ServiceBus__clientId: identity.properties.clientId
  Access__AdminKey: '${secretReference}access-admin-key)'
  Secrets__Keys: '${secretReference}secrets-keys)'
}

var relaySettings = map(range(0, length(relaySubscribers)), i => {
  'Relay__Subscribers__${i}__SubscriberId': relaySubscribers[i].subscriberId
  'Relay__Subscribers__${i}__OrganizationId': string(relaySubscribers[i].organizationId)
  'Relay__Subscribers__${i}__ApiKey': '${secretReference}${relaySubscribers[i].apiKeySecret})'
})

resource plan 'Microsoft.Web/serverfarms@2024-04-01' = {
  name: planName
  location: location
  tags: tags
  kind: 'functionapp'
  sku: {
    name: 'FC1'
    tier: 'FlexConsumption'
  }
  properties: {
    reserved: true
  }
}

resource app 'Microsoft.Web/sites@2024-04-01' = {
  name: name
  location: location
  tags: union(tags, { 'azd-service-name': 'api' })
  kind: 'functionapp,linux'
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: union({
      '${identity.id}': {}
      '${packageIdentity.id}': {}
    }, toObject(managedIdentityIds, id => id, id => {}))
  }
  properties: {
    serverFarmId: plan.id
    httpsOnly: true
    keyVaultReferenceIdentity: identity.id
    virtualNetworkSubnetId: empty(virtualNetworkSubnetId) ? null : virtualNetworkSubnetId
    functionAppConfig: {
      runtime: {
        name: 'dotnet-isolated'
        version: '10.0'
      }
      scaleAndConcurrency: {
        instanceMemoryMB: instanceMemoryMB
        maximumInstanceCount: maximumInstanceCount
      }
      deployment: {
        storage: {
          type: 'blobContainer'
          value: '${packageStorage.properties.primaryEndpoints.blob}${packageContainerName}'
          authentication: {
            type: 'UserAssignedIdentity'
            userAssignedIdentityResourceId: packageIdentity.id
          }
        }
      }
    }
    siteConfig: {
      minTlsVersion: '1.2'
      // For the API and the portal. Deployments use the SCM site, which requires an identity.
      ipSecurityRestrictionsDefaultAction: empty(clientIpRanges) ? 'Allow' : 'Deny'
      ipSecurityRestrictions: [for (addresses, i) in clientIpRanges: {
        name: 'client-${i}'
        ipAddress: addresses
        action: 'Allow'
        priority: 100 + i
      }]
      scmIpSecurityRestrictionsUseMain: false
    }
  }

  resource settings 'config' = {
    name: 'appsettings'
    properties: union(loadJsonContent('settings.json'), reduce(relaySettings, {}, (all, settings) => union(all, settings)), ownSettings, appSettings)
  }

  // Deployment requires a Microsoft Entra identity.
  resource ftpPassword 'basicPublishingCredentialsPolicies' = {
    name: 'ftp'
    properties: {
      allow: false
    }
  }

  resource scmPassword 'basicPublishingCredentialsPolicies' = {
    name: 'scm'
    properties: {
      allow: false
    }
  }
}

output name string = app.name
output uri string = 'https://${app.properties.defaultHostName}'
