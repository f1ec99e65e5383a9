using LocalHost.Messaging;

namespace Azure.Messaging.ServiceBus;

public class ServiceBusMessage
{
    private string? _messageId;

    public ServiceBusMessage()
        : this(ReadOnlyMemory<byte>.Empty) { }

    public ServiceBusMessage(ReadOnlyMemory<byte> body) => Body = new BinaryData(body);

    /// <summary>The values' types are those that Service Bus carries: numbers, bool, char, string, Guid, Uri, and .NET's times.</summary>
    public IDictionary<string, object> ApplicationProperties { get; } = new Dictionary<string, object>(StringComparer.Ordinal);

    public BinaryData Body { get; set; }

    public string? ContentType { get; set; }

    /// <summary>Null unless set, also where it is received: the service gives none. At most 128 characters.</summary>
    public string? MessageId
    {
        get => _messageId;
        set
        {
            ArgumentException.ThrowIfNullOrEmpty(value);
            if (value.Length > MessageLimits.MessageIdLength)
                throw new ArgumentException($"A message id has at most {MessageLimits.MessageIdLength} characters.", nameof(value));
            _messageId = value;
        }
    }

    public DateTimeOffset ScheduledEnqueueTime { get; set; }

    internal NewMessage ToNewMessage() => new()
    {
        MessageId = MessageId,
        ContentType = ContentType,
        Properties = ApplicationProperties,
        Body = Body,
        ScheduledEnqueueTime = ScheduledEnqueueTime,
    };
}
