// Sends an event to the queue "events". Packages: Azure.Messaging.ServiceBus, Azure.Identity.
//   await using var client = new ServiceBusClient("NAMESPACE.servicebus.windows.net", new DefaultAzureCredential());
//   await Producer.SendAsync(client, "case-4711-closed", "CaseClosedEvent", organizationId: 1, new { id = "case-4711" });
using Azure.Messaging.ServiceBus;

namespace Samples;

public static class Producer
{
    public static async Task SendAsync(ServiceBusClient client, string id, string eventName, int organizationId, object data)
    {
        await using var sender = client.CreateSender("events");
        var body = BinaryData.FromObjectAsJson(new { eventName, organizationId, data });
        await sender.SendMessageAsync(new ServiceBusMessage(body) { MessageId = id, ContentType = "application/json" });
    }
}
