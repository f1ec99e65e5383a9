using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Azure.Messaging.ServiceBus;

namespace EventSubscriptions.Queues;

/// <summary>Messages that are put on their queue once more.</summary>
internal static class MessageCopy
{
    // Service Bus puts these on what it dead-letters; a message that is sent may not have them.
    private static readonly string[] s_deadLetterProperties = ["DeadLetterReason", "DeadLetterErrorDescription"];

    /// <summary>
    /// A copy with body and properties. Its <c>MessageId</c> is a hash of the original and the purpose: a function that runs twice makes one copy,
    /// and duplicate detection doesn't mistake the copy for the original.
    /// </summary>
    public static ServiceBusMessage Of(ServiceBusReceivedMessage original, string purpose)
    {
        var identity = string.Create(CultureInfo.InvariantCulture, $"{original.SequenceNumber}\n{original.MessageId}\n{purpose}");
        var copy = new ServiceBusMessage(MessageBody.Read(original) ?? throw new NotSupportedException("A message whose body is neither data nor a text can't be copied."))
        {
            MessageId = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(identity))),
            ContentType = original.ContentType,
        };
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
