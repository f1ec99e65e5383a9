targetScope = 'subscription'

@minLength(1)
@maxLength(64)
@description('Name of the azd environment. It names the resource group and goes into the unique token of all other names.')
param environmentName string

@minLength(1)
@description('Where everything is created. The region must offer Flex Consumption.')
@metadata({
  azd: {
    type: 'location'
  }
})
param location string

@description('The resource group. Empty: rg- and the environment\'s name.')
param resourceGroupName string = ''

@maxLength(24)
@description('The vault that the preprovision hook made in that resource group, with the secrets in it. It has a default since azd asks for what has none, before it runs the hook.')
param keyVaultName string = ''

@description('Who deploys, and so may read and change the secrets. Empty: nobody but those who have a role already.')
param principalId string = ''

@allowed(['User', 'ServicePrincipal', 'Group'])
param principalType string = 'User'

@allowed(['Standard', 'Premium'])
@description('Premium has no shared throughput limit. A namespace cannot change its tier later.')
param serviceBusSku string = 'Standard'

@allowed([1, 2, 4, 8, 16])
@description('Messaging units; of Premium only.')
param serviceBusCapacity int = 1

@allowed(['Standard_LRS', 'Standard_ZRS', 'Standard_GRS', 'Standard_GZRS'])
@description('How the tables are replicated.')
param storageSku string = 'Standard_LRS'

@allowed([512, 2048, 4096])
param instanceMemoryMB int = 2048

@minValue(40)
@maxValue(1000)
param maximumInstanceCount int = 40

@allowed(['Enabled', 'Disabled'])
@description('Whether storage, and Service Bus of the tier Premium, can be reached from outside of virtual networks. Disabled takes private endpoints in the app\'s virtual network.')
param publicNetworkAccess string = 'Enabled'

@description('The subnet that the app reaches everything from, delegated to Microsoft.App/environments and with the service endpoints Microsoft.Storage and Microsoft.ServiceBus. Empty: none.')
param virtualNetworkSubnetId string = ''

@description('Who else may reach storage, and Service Bus of the tier Premium: IPv4 ranges, needed by nobody but people who look into them. With these or a subnet, everybody else is refused.')
param allowedIpRanges string[] = []

@description('Who may reach the API and the portal: ranges such as 203.0.113.0/24. Empty: everybody.')
param clientIpRanges string[] = []

@description('Whether each operation on the tables is logged, which may cost more than the app.')
param logTableOperations bool = false

@description('Who is told of alerts. Empty: they are seen in the portal only.')
param alertEmail string = ''

@description('Whose Relay events are polled. The API key of each is a secret of the vault, named here.')
param relaySubscribers relaySubscriber[] = []

@description('Further app settings, which win over those below. A setting made by hand is gone after the next deployment.')
param appSettings object = {}

type relaySubscriber = {
  subscriberId: string
  organizationId: int
  apiKeySecret: string
}

var abbreviations = loadJsonContent('abbreviations.json')
var token = toLower(uniqueString(subscription().id, environmentName, location))
var tags = {
  'azd-env-name': environmentName
}
var packageContainerName = 'deployments'
var isRestricted = !empty(allowedIpRanges) || !empty(virtualNetworkSubnetId)
var networkAcls = {
  defaultAction: isRestricted ? 'Deny' : 'Allow'
  bypass: 'AzureServices'
  ipRules: map(allowedIpRanges, addresses => {
    value: addresses
    action: 'Allow'
  })
  virtualNetworkRules: empty(virtualNetworkSubnetId) ? [] : [
    {
      id: virtualNetworkSubnetId
      action: 'Allow'
    }
  ]
}

resource group 'Microsoft.Resources/resourceGroups@2024-03-01' = {
  name: empty(resourceGroupName) ? '${abbreviations.resourcesResourceGroups}${environmentName}' : resourceGroupName
  location: location
  tags: tags
}

module identity 'identity.bicep' = {
  name: 'identity'
  scope: group
  params: {
    name: '${abbreviations.managedIdentityUserAssignedIdentities}${token}'
    location: location
    tags: tags
  }
}

module packageIdentity 'identity.bicep' = {
  name: 'packageIdentity'
  scope: group
  params: {
    name: '${abbreviations.managedIdentityUserAssignedIdentities}package-${token}'
    location: location
    tags: tags
  }
}

module monitoring 'monitoring.bicep' = {
  name: 'monitoring'
  scope: group
  params: {
    workspaceName: '${abbreviations.operationalInsightsWorkspaces}${token}'
    applicationInsightsName: '${abbreviations.insightsComponents}${token}'
    location: location
    tags: tags
  }
}

module storage 'storage.bicep' = {
  name: 'storage'
  scope: group
  params: {
    name: '${abbreviations.storageStorageAccounts}${token}'
    sku: storageSku
    publicNetworkAccess: publicNetworkAccess
    networkAcls: networkAcls
    location: location
    tags: tags
  }
}

module hostStorage 'blobs.bicep' = {
  name: 'hostStorage'
  scope: group
  params: {
    name: '${abbreviations.storageStorageAccounts}host${token}'
    publicNetworkAccess: publicNetworkAccess
    networkAcls: networkAcls
    location: location
    tags: tags
  }
}

module packageStorage 'blobs.bicep' = {
  name: 'packageStorage'
  scope: group
  params: {
    name: '${abbreviations.storageStorageAccounts}pkg${token}'
    containers: [packageContainerName]
    publicNetworkAccess: publicNetworkAccess
    networkAcls: networkAcls
    location: location
    tags: tags
  }
}

module serviceBus 'servicebus.bicep' = {
  name: 'servicebus'
  scope: group
  params: {
    name: '${abbreviations.serviceBusNamespaces}${token}'
    sku: serviceBusSku
    capacity: serviceBusCapacity
    publicNetworkAccess: publicNetworkAccess
    networkAcls: networkAcls
    location: location
    tags: tags
  }
}

module roles 'roles.bicep' = {
  name: 'roles'
  scope: group
  params: {
    appPrincipalId: identity.outputs.principalId
    packagePrincipalId: packageIdentity.outputs.principalId
    deployerPrincipalId: principalId
    deployerPrincipalType: principalType
    storageName: storage.outputs.name
    hostStorageName: hostStorage.outputs.name
    packageStorageName: packageStorage.outputs.name
    serviceBusName: serviceBus.outputs.name
    keyVaultName: keyVaultName
    applicationInsightsName: monitoring.outputs.applicationInsightsName
  }
}

module diagnostics 'diagnostics.bicep' = {
  name: 'diagnostics'
  scope: group
  params: {
    workspaceName: monitoring.outputs.workspaceName
    keyVaultName: keyVaultName
    packageStorageName: packageStorage.outputs.name
    tableStorageName: storage.outputs.name
    logTableOperations: logTableOperations
    serviceBusName: serviceBus.outputs.name
  }
}

module functionApp 'functionapp.bicep' = {
  name: 'functionapp'
  scope: group
  // Nothing that the app needs to start, its secrets above all, may be out of reach of its identity.
  dependsOn: [roles]
  params: {
    planName: '${abbreviations.webServerFarms}${token}'
    name: '${abbreviations.webSitesFunctions}${token}'
    identityName: identity.outputs.name
    packageIdentityName: packageIdentity.outputs.name
    storageName: storage.outputs.name
    hostStorageName: hostStorage.outputs.name
    packageStorageName: packageStorage.outputs.name
    packageContainerName: packageContainerName
    virtualNetworkSubnetId: virtualNetworkSubnetId
    clientIpRanges: clientIpRanges
    serviceBusNamespace: serviceBus.outputs.fullyQualifiedNamespace
    keyVaultName: keyVaultName
    applicationInsightsName: monitoring.outputs.applicationInsightsName
    instanceMemoryMB: instanceMemoryMB
    maximumInstanceCount: maximumInstanceCount
    relaySubscribers: relaySubscribers
    appSettings: appSettings
    location: location
    tags: tags
  }
}

module alerts 'alerts.bicep' = {
  name: 'alerts'
  scope: group
  params: {
    actionGroupName: '${abbreviations.insightsActionGroups}${token}'
    email: alertEmail
    applicationInsightsName: monitoring.outputs.applicationInsightsName
    serviceBusName: serviceBus.outputs.name
    location: location
    tags: tags
  }
}

output AZURE_LOCATION string = location
output AZURE_TENANT_ID string = tenant().tenantId
output AZURE_RESOURCE_GROUP string = group.name
output AZURE_KEY_VAULT_NAME string = keyVaultName
output AZURE_FUNCTION_NAME string = functionApp.outputs.name
output SERVICE_API_NAME string = functionApp.outputs.name
output SERVICE_API_URI string = functionApp.outputs.uri
output SERVICE_BUS_NAMESPACE string = serviceBus.outputs.fullyQualifiedNamespace
