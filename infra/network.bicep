// A virtual network that the app connects from: to storage and Service Bus Premium through private endpoints, and to everything else from
// one public address.
param virtualNetworkName string
param natGatewayName string
param publicAddressName string
param privateEndpointPrefix string
param storageName string
param hostStorageName string
param packageStorageName string
param serviceBusName string

@description('Service Bus has private endpoints in the tier Premium only.')
param serviceBusSku string

param location string
param tags object

resource storage 'Microsoft.Storage/storageAccounts@2023-05-01' existing = {
  name: storageName
}

resource hostStorage 'Microsoft.Storage/storageAccounts@2023-05-01' existing = {
  name: hostStorageName
}

resource packageStorage 'Microsoft.Storage/storageAccounts@2023-05-01' existing = {
  name: packageStorageName
}

resource serviceBus 'Microsoft.ServiceBus/namespaces@2024-01-01' existing = {
  name: serviceBusName
}

var tableZone = 'privatelink.table.${environment().suffixes.storage}'
var blobZone = 'privatelink.blob.${environment().suffixes.storage}'
var serviceBusZone = 'privatelink.servicebus.windows.net'
var isPremium = serviceBusSku == 'Premium'
var zoneNames = concat([tableZone, blobZone], isPremium ? [serviceBusZone] : [])
var serviceBusEndpoints = isPremium ? [{ name: 'servicebus', target: serviceBus.id, group: 'namespace', zone: serviceBusZone }] : []
var endpoints = concat([
  { name: 'tables', target: storage.id, group: 'table', zone: tableZone }
  { name: 'host', target: hostStorage.id, group: 'blob', zone: blobZone }
  { name: 'package', target: packageStorage.id, group: 'blob', zone: blobZone }
], serviceBusEndpoints)

resource publicAddress 'Microsoft.Network/publicIPAddresses@2024-05-01' = {
  name: publicAddressName
  location: location
  tags: tags
  sku: {
    name: 'Standard'
  }
  properties: {
    publicIPAddressVersion: 'IPv4'
    publicIPAllocationMethod: 'Static'
  }
}

resource natGateway 'Microsoft.Network/natGateways@2024-05-01' = {
  name: natGatewayName
  location: location
  tags: tags
  sku: {
    name: 'Standard'
  }
  properties: {
    publicIpAddresses: [
      {
        id: publicAddress.id
      }
    ]
  }
}

resource virtualNetwork 'Microsoft.Network/virtualNetworks@2024-05-01' = {
  name: virtualNetworkName
  location: location
  tags: tags
  properties: {
    addressSpace: {
      addressPrefixes: ['10.90.0.0/16']
    }
    subnets: [
      {
        name: 'app'
        properties: {
          addressPrefix: '10.90.0.0/24'
          // Flex Consumption.
          delegations: [
            {
              name: 'app'
              properties: {
                serviceName: 'Microsoft.App/environments'
              }
            }
          ]
          natGateway: {
            id: natGateway.id
          }
        }
      }
      {
        name: 'endpoints'
        properties: {
          addressPrefix: '10.90.1.0/26'
        }
      }
    ]
  }

  resource app 'subnets' existing = {
    name: 'app'
  }

  resource endpointSubnet 'subnets' existing = {
    name: 'endpoints'
  }
}

resource zones 'Microsoft.Network/privateDnsZones@2024-06-01' = [for zone in zoneNames: {
  name: zone
  location: 'global'
  tags: tags
}]

resource zoneLinks 'Microsoft.Network/privateDnsZones/virtualNetworkLinks@2024-06-01' = [for (zone, i) in zoneNames: {
  parent: zones[i]
  name: virtualNetworkName
  location: 'global'
  tags: tags
  properties: {
    registrationEnabled: false
    virtualNetwork: {
      id: virtualNetwork.id
    }
  }
}]

resource privateEndpoints 'Microsoft.Network/privateEndpoints@2024-05-01' = [for endpoint in endpoints: {
  name: '${privateEndpointPrefix}${endpoint.name}'
  location: location
  tags: tags
  properties: {
    subnet: {
      id: virtualNetwork::endpointSubnet.id
    }
    privateLinkServiceConnections: [
      {
        name: endpoint.name
        properties: {
          privateLinkServiceId: endpoint.target
          groupIds: [endpoint.group]
        }
      }
    ]
  }
}]

resource zoneGroups 'Microsoft.Network/privateEndpoints/privateDnsZoneGroups@2024-05-01' = [for (endpoint, i) in endpoints: {
  parent: privateEndpoints[i]
  name: 'default'
  // The names resolve as soon as the app starts.
  dependsOn: [zoneLinks]
  properties: {
    privateDnsZoneConfigs: [
      {
        name: endpoint.group
        properties: {
          privateDnsZoneId: resourceId('Microsoft.Network/privateDnsZones', endpoint.zone)
        }
      }
    ]
  }
}]

output appSubnetId string = virtualNetwork::app.id
output publicIpAddress string = publicAddress.properties.ipAddress
