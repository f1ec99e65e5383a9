namespace LocalHost.Messaging;

/// <summary>A message to be sent.</summary>
internal sealed class NewMessage
{
    private IDictionary<string, object>? _properties;

    /// <summary>At most <see cref="MessageLimits.MessageIdLength"/> characters; null if it has none.</summary>
    public string? MessageId { get; set; }

    public string? ContentType { get; set; }

    /// <summary>The values' types are those that Service Bus carries: numbers, bool, char, string, Guid, Uri, and .NET's times.</summary>
    public IDictionary<string, object> Properties
    {
        get => _properties ??= new Dictionary<string, object>(StringComparer.Ordinal);
        set => _properties = value;
    }

    public ReadOnlyMemory<byte> Body { get; set; }

    /// <summary>From when on it can be received. In the past means at once.</summary>
    public DateTimeOffset ScheduledEnqueueTime { get; set; }
}
