targetScope = 'subscription'

@minLength(1)
@maxLength(64)
@description('The name of the azd environment. It is part of the name of the resource group, and of the unique token in all other names.')
param environmentName string

@minLength(1)
@description('The region, which must offer Flex Consumption.')
@metadata({
  azd: {
    type: 'location'
  }
})
param location string

@description('The resource group. Empty: rg- and the name of the environment.')
param resourceGroupName string = ''

@maxLength(24)
@description('The vault that the preprovision hook created in the resource group, with the secrets. It has a default value because azd asks for parameters without one before it runs the hook.')
param keyVaultName string = ''

@description('Who deploys, and may therefore read and change the secrets. Empty: only those who already have a role.')
param principalId string = ''

@allowed(['User', 'ServicePrincipal', 'Group'])
param principalType string = 'User'

@allowed(['Standard', 'Premium'])
@description('Premium has no shared throughput limit. A namespace cannot change its tier later.')
param serviceBusSku string = 'Standard'

@allowed([1, 2, 4, 8, 16])
@description('Messaging units, for Premium only.')
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
@description('Whether storage and Service Bus Premium can be reached from outside virtual networks. Disabled requires private endpoints in the virtual network of the app.')
param publicNetworkAccess string = 'Enabled'

@description('The subnet from which the app connects to everything, delegated to Microsoft.App/environments and with the service endpoints Microsoft.Storage and Microsoft.ServiceBus. Empty: none.')
param virtualNetworkSubnetId string = ''

@description('Whether to create a virtual network for the app: with private endpoints for storage and, if it is Premium, Service Bus, which nobody else then reaches, and a NAT gateway, whose public address receivers see. Not together with virtualNetworkSubnetId.')
param privateNetwork bool = false

@description('Who else may reach storage and Service Bus Premium: IPv4 ranges of people who look into them. With these or a subnet, everybody else is blocked.')
param allowedIpRanges string[] = []

@description('Who may reach the API and the portal: IP ranges such as 203.0.113.0/24. Empty: everybody.')
param clientIpRanges string[] = []

@description('Whether to log each operation on the tables, which may cost more than the app.')
param logTableOperations bool = false

@description('Who receives alerts. Empty: they are visible in the Azure portal only.')
param alertEmail string = ''

@description('The Relay subscribers to poll. The API key of each is a secret in the vault, named here.')
param relaySubscribers relaySubscriber[] = []

@description('The resource ids of user-assigned managed identities that subscriptions may use, as Deliveries__ManagedIdentities in appSettings names them.')
param managedIdentityIds string[] = []

@description('Further app settings, which override those of the template. Settings made by hand are removed by the next deployment.')
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
var isRestricted = !empty(allowedIpRanges) || !empty(virtualNetworkSubnetId) || privateNetwork
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

module network 'network.bicep' = if (privateNetwork) {
  name: 'network'
  scope: group
  params: {
    virtualNetworkName: '${abbreviations.networkVirtualNetworks}${token}'
    natGatewayName: '${abbreviations.networkNatGateways}${token}'
    publicAddressName: '${abbreviations.networkPublicIPAddresses}${token}'
    privateEndpointPrefix: '${abbreviations.networkPrivateEndpoints}${token}-'
    storageName: storage.outputs.name
    hostStorageName: hostStorage.outputs.name
    packageStorageName: packageStorage.outputs.name
    serviceBusName: serviceBus.outputs.name
    serviceBusSku: serviceBusSku
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
  // The app's identity needs its roles, above all for the secrets, before the app starts.
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
    #disable-next-line BCP318
    virtualNetworkSubnetId: privateNetwork ? network.outputs.appSubnetId : virtualNetworkSubnetId
    managedIdentityIds: managedIdentityIds
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
// What receivers see, if the app has a network of its own.
#disable-next-line BCP318
output OUTBOUND_IP_ADDRESS string = privateNetwork ? network.outputs.publicIpAddress : ''
output SERVICE_BUS_NAMESPACE string = serviceBus.outputs.fullyQualifiedNamespace
