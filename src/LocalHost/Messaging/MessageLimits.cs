namespace LocalHost.Messaging;

/// <summary>The limits of Service Bus Standard, unless stated otherwise.</summary>
internal static class MessageLimits
{
    /// <summary>The size of a message with its properties, and of a batch, in bytes.</summary>
    public const int Size = 256 << 10;

    /// <summary>The size of a message over REST, in bytes: that of a Premium namespace, which external producers may rely on.</summary>
    public const int RestSize = 1 << 20;

    /// <summary>The number of messages in a batch.</summary>
    public const int MessagesInBatch = 4500;

    /// <summary>The length of a message id, in characters.</summary>
    public const int MessageIdLength = 128;

    /// <summary>The size of a property with its name, in bytes.</summary>
    public const int PropertySize = 32 << 10;

    /// <summary>The size of all properties of a message, in bytes.</summary>
    public const int PropertiesSize = 64 << 10;

    /// <summary>The length of a dead-letter reason, and of its description, in characters.</summary>
    public const int DeadLetterTextLength = 4096;
}
