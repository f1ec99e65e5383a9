namespace LocalHost.Messaging;

/// <summary>The limits of Service Bus Standard, unless stated otherwise.</summary>
internal static class MessageLimits
{
    /// <summary>Of a message with its properties, and of a batch, in bytes.</summary>
    public const int Size = 256 << 10;

    /// <summary>Of a message in a Premium namespace, in bytes: a producer from outside may be used to it.</summary>
    public const int SizeFromOutside = 1 << 20;

    public const int MessagesInBatch = 4500;

    /// <summary>In characters.</summary>
    public const int MessageIdLength = 128;

    /// <summary>Of a property's value, and of a property's name, in bytes.</summary>
    public const int PropertySize = 32 << 10;

    /// <summary>Of all properties of a message, in bytes.</summary>
    public const int PropertiesSize = 64 << 10;

    /// <summary>Of a dead letter's reason and of its description, in characters.</summary>
    public const int DeadLetterTextLength = 4096;
}
