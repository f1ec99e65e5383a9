// The tables. Account keys are disabled. Blobs are in other accounts: see blobs.bicep.
param name string
param sku string
param publicNetworkAccess string
param networkAcls object
param location string
param tags object

// The app creates missing tables too (TableNames); a test compares the names.
var tables = [
  'subscriptions'
  'eventarchive'
  'deliverylog'
  'auditlog'
  'relaycursors'
  'apikeys'
  'replays'
  'retention'
  'eventtypes'
  'statistics'
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
    publicNetworkAccess: publicNetworkAccess
    networkAcls: networkAcls
  }

  resource tableService 'tableServices' = {
    name: 'default'

    resource appTables 'tables' = [for table in tables: {
      name: table
    }]
  }
}

output name string = account.name
