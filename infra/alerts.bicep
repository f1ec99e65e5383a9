// The alerts. docs/deploying.md says what each means and what to do.
param actionGroupName string
param email string
param applicationInsightsName string
param serviceBusName string
param location string
param tags object

// The metrics are those of AppMetrics; a test compares the names.
var logAlerts = [
  {
    name: 'dead-letters-recorded'
    description: 'Deliveries or events were dead-lettered. The audit log says which and why.'
    query: 'customMetrics | where name == "event_subscriptions.dead_letters.recorded" | project timestamp, amount = valueSum'
    aggregation: 'Total'
    threshold: 0
    severity: 2
  }
  {
    name: 'messages-wait'
    description: 'A message waited more than five minutes to be processed.'
    query: 'customMetrics | where name == "event_subscriptions.queue.wait" | project timestamp, amount = valueMax'
    aggregation: 'Maximum'
    threshold: 300
    severity: 2
  }
  {
    name: 'relay-behind'
    description: 'The polls of a Relay subscriber have failed, or not caught up, for a quarter of an hour.'
    query: 'customMetrics | where name == "event_subscriptions.relay.lag" | project timestamp, amount = valueSum'
    aggregation: 'Maximum'
    threshold: 900
    severity: 2
  }
  {
    name: 'transient-faults'
    description: 'Messages were postponed because storage or Service Bus is unavailable.'
    query: 'customMetrics | where name == "event_subscriptions.messages.postponed" and tostring(customDimensions.reason) == "transient_fault" | project timestamp, amount = valueSum'
    aggregation: 'Total'
    threshold: 0
    severity: 2
  }
  {
    name: 'server-errors'
    description: 'The API returned 5xx more than five times.'
    query: 'requests | where toint(resultCode) >= 500 | project timestamp, amount = itemCount'
    aggregation: 'Total'
    threshold: 5
    severity: 1
  }
]

var queueAlerts = [
  {
    name: 'queues-not-drained'
    description: 'More than 10,000 messages wait on a queue: the app does not run, or is slower than the producers.'
    metric: 'ActiveMessages'
    threshold: 10000
    severity: 1
  }
  {
    name: 'dead-letters-not-recorded'
    description: 'Dead letters stay on a queue. The functions that record them within seconds do not run, or fail.'
    metric: 'DeadletteredMessages'
    threshold: 0
    severity: 1
  }
]

resource applicationInsights 'Microsoft.Insights/components@2020-02-02' existing = {
  name: applicationInsightsName
}

resource serviceBus 'Microsoft.ServiceBus/namespaces@2024-01-01' existing = {
  name: serviceBusName
}

resource actionGroup 'Microsoft.Insights/actionGroups@2023-01-01' = if (!empty(email)) {
  name: actionGroupName
  location: 'global'
  tags: tags
  properties: {
    enabled: true
    groupShortName: 'EventSubs'
    emailReceivers: [
      {
        name: 'operators'
        emailAddress: email
        useCommonAlertSchema: true
      }
    ]
  }
}

resource logAlert 'Microsoft.Insights/scheduledQueryRules@2023-12-01' = [for alert in logAlerts: {
  name: alert.name
  location: location
  tags: tags
  kind: 'LogAlert'
  properties: {
    displayName: alert.name
    description: alert.description
    severity: alert.severity
    enabled: true
    scopes: [applicationInsights.id]
    evaluationFrequency: 'PT5M'
    windowSize: 'PT15M'
    criteria: {
      allOf: [
        {
          query: alert.query
          metricMeasureColumn: 'amount'
          timeAggregation: alert.aggregation
          operator: 'GreaterThan'
          threshold: alert.threshold
          failingPeriods: {
            numberOfEvaluationPeriods: 1
            minFailingPeriodsToAlert: 1
          }
        }
      ]
    }
    autoMitigate: true
    // The tables don't exist before the first telemetry.
    skipQueryValidation: true
    actions: {
      actionGroups: empty(email) ? [] : [actionGroup.id]
    }
  }
}]

resource queueAlert 'Microsoft.Insights/metricAlerts@2018-03-01' = [for alert in queueAlerts: {
  name: alert.name
  location: 'global'
  tags: tags
  properties: {
    description: alert.description
    severity: alert.severity
    enabled: true
    scopes: [serviceBus.id]
    evaluationFrequency: 'PT5M'
    windowSize: 'PT15M'
    criteria: {
      'odata.type': 'Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria'
      allOf: [
        {
          criterionType: 'StaticThresholdCriterion'
          name: alert.metric
          metricNamespace: 'Microsoft.ServiceBus/namespaces'
          metricName: alert.metric
          // Over the whole window, so that a spike is not an alert.
          timeAggregation: 'Minimum'
          operator: 'GreaterThan'
          threshold: alert.threshold
          dimensions: [
            {
              name: 'EntityName'
              operator: 'Include'
              values: ['*']
            }
          ]
        }
      ]
    }
    autoMitigate: true
    actions: empty(email) ? [] : [
      {
        actionGroupId: actionGroup.id
      }
    ]
  }
}]
