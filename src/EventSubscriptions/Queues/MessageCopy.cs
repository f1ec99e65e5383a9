using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Azure.Messaging.ServiceBus;

namespace EventSubscriptions.Queues;

/// <summary>Messages that are sent again.</summary>
internal static class MessageCopy
{
    // Service Bus adds these when it dead-letters a message; a message with them can't be sent.
    private static readonly string[] s_deadLetterProperties = ["DeadLetterReason", "DeadLetterErrorDescription"];

    /// <summary>
    /// The <c>MessageId</c> of a copy: a function that runs twice makes one copy, and it is not a duplicate of the original.
    /// </summary>
    public static string IdOf(ServiceBusReceivedMessage original, string purpose)
    {
        var identity = string.Create(CultureInfo.InvariantCulture, $"{original.SequenceNumber}\n{original.MessageId}\n{purpose}");
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(identity)));
    }

    /// <summary>A copy with body and properties.</summary>
    public static ServiceBusMessage Of(ServiceBusReceivedMessage original, string purpose)
    {
        var body =
            MessageBody.Read(original)
            ?? throw new NotSupportedException("A message can be copied only if its body is binary data or a string.");
        var copy = new ServiceBusMessage(body) { MessageId = IdOf(original, purpose), ContentType = original.ContentType };
        foreach (var (name, value) in original.ApplicationProperties)
        {
            if (!s_deadLetterProperties.Contains(name, StringComparer.Ordinal))
            {
                copy.ApplicationProperties[name] = value;
            }
        }

        return copy;
    }
}
