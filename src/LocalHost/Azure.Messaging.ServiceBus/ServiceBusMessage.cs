namespace Azure.Messaging.ServiceBus;

public class ServiceBusMessage
{
    public ServiceBusMessage() => Body = new BinaryData(ReadOnlyMemory<byte>.Empty);

    public ServiceBusMessage(ReadOnlyMemory<byte> body) => Body = new BinaryData(body);

    public IDictionary<string, object> ApplicationProperties { get; } = new Dictionary<string, object>(StringComparer.Ordinal);

    public BinaryData Body { get; set; }

    public string? ContentType { get; set; }

    public string? MessageId { get; set; }

    public DateTimeOffset ScheduledEnqueueTime { get; set; }
}
