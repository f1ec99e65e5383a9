// The tables, and what the Functions host needs: the deployed package and its own state. There are no keys.
param name string
param sku string
param location string
param tags object

var deploymentContainerName = 'deployments'

// The app makes them too, for where there is no template (TableNames); a test holds both together.
var tables = [
  'subscriptions'
  'eventarchive'
  'deliverylog'
  'auditlog'
  'relaycursors'
  'apikeys'
  'replays'
  'retention'
]

resource account 'Microsoft.Storage/storageAccounts@2023-05-01' = {
  name: name
  location: location
  tags: tags
  kind: 'StorageV2'
  sku: {
    name: sku
  }
  properties: {
    allowBlobPublicAccess: false
    allowCrossTenantReplication: false
    allowSharedKeyAccess: false
    defaultToOAuthAuthentication: true
    minimumTlsVersion: 'TLS1_2'
    supportsHttpsTrafficOnly: true
    publicNetworkAccess: 'Enabled'
  }

  resource blobs 'blobServices' = {
    name: 'default'

    resource deployments 'containers' = {
      name: deploymentContainerName
      properties: {
        publicAccess: 'None'
      }
    }
  }

  resource tableService 'tableServices' = {
    name: 'default'

    resource appTables 'tables' = [for table in tables: {
      name: table
    }]
  }
}

output name string = account.name
output deploymentContainerName string = account::blobs::deployments.name
