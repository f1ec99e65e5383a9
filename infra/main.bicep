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
    location: location
    tags: tags
  }
}

module roles 'roles.bicep' = {
  name: 'roles'
  scope: group
  params: {
    appPrincipalId: identity.outputs.principalId
    deployerPrincipalId: principalId
    deployerPrincipalType: principalType
    storageName: storage.outputs.name
    serviceBusName: serviceBus.outputs.name
    keyVaultName: keyVaultName
    applicationInsightsName: monitoring.outputs.applicationInsightsName
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
    storageName: storage.outputs.name
    deploymentContainerName: storage.outputs.deploymentContainerName
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
