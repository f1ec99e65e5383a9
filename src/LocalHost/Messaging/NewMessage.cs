namespace LocalHost.Messaging;

/// <summary>A message to be sent.</summary>
internal sealed class NewMessage
{
    private IDictionary<string, object>? _properties;

    /// <summary>At most <see cref="MessageLimits.MessageIdLength"/> characters; null for none.</summary>
    public string? MessageId { get; set; }

    public string? ContentType { get; set; }

    /// <summary>Values have the types of Service Bus: numbers, bool, char, string, Guid, Uri, and .NET's date and time types.</summary>
    public IDictionary<string, object> Properties
    {
        get => _properties ??= new Dictionary<string, object>(StringComparer.Ordinal);
        set => _properties = value;
    }

    public ReadOnlyMemory<byte> Body { get; set; }

    /// <summary>When it can be received; a time in the past means at once.</summary>
    public DateTimeOffset ScheduledEnqueueTime { get; set; }
}
