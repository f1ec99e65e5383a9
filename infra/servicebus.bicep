// The queues of servicebus.json, which the local host reads too. Keys are disabled.
param name string

@allowed(['Standard', 'Premium'])
param sku string

param capacity int
param publicNetworkAccess string

@description('For Premium only: a Standard namespace can be reached from everywhere.')
param networkAcls object
param location string
param tags object

var queues = loadJsonContent('servicebus.json').queues

resource namespace 'Microsoft.ServiceBus/namespaces@2024-01-01' = {
  name: name
  location: location
  tags: tags
  sku: {
    name: sku
    tier: sku
    capacity: sku == 'Premium' ? capacity : null
  }
  properties: {
    disableLocalAuth: true
    minimumTlsVersion: '1.2'
    publicNetworkAccess: sku == 'Premium' ? publicNetworkAccess : 'Enabled'
  }

  resource network 'networkRuleSets' = if (sku == 'Premium') {
    name: 'default'
    properties: {
      publicNetworkAccess: publicNetworkAccess
      defaultAction: networkAcls.defaultAction
      trustedServiceAccessEnabled: true
      ipRules: map(networkAcls.ipRules, rule => {
        ipMask: rule.value
        action: 'Allow'
      })
      virtualNetworkRules: map(networkAcls.virtualNetworkRules, rule => {
        subnet: {
          id: rule.id
        }
        ignoreMissingVnetServiceEndpoint: false
      })
    }
  }

  resource messageQueues 'queues' = [for queue in queues: {
    name: queue.name
    properties: {
      lockDuration: queue.lockDuration
      maxDeliveryCount: queue.maxDeliveryCount
      requiresDuplicateDetection: queue.requiresDuplicateDetection
      duplicateDetectionHistoryTimeWindow: queue.?duplicateDetectionHistoryTimeWindow
      // Retries wait for up to a day: nothing may expire on the queue.
      deadLetteringOnMessageExpiration: false
      // The maximum of the tier.
      maxSizeInMegabytes: sku == 'Premium' ? 81920 : 5120
    }
  }]
}

output name string = namespace.name
output fullyQualifiedNamespace string = split(replace(namespace.properties.serviceBusEndpoint, 'https://', ''), ':')[0]
