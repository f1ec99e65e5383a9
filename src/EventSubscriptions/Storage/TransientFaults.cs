using System.Net.Sockets;
using System.Security.Cryptography;
using Azure;
using Azure.Identity;
using Azure.Messaging.ServiceBus;

namespace EventSubscriptions.Storage;

/// <summary>Tells trouble with our own tables, queues, identity or keys, which passes or is repaired, from mistakes in the program, which stay.</summary>
public static class TransientFaults
{
    private static readonly TimeSpan s_firstWait = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan s_longestWait = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan s_longestPause = TimeSpan.FromMinutes(2);
    private const double Jitter = 0.2;

    /// <summary>Whether what was thrown is worth another try later, however often it takes.</summary>
    public static bool Is(Exception exception) => exception switch
    {
        RequestFailedException { Status: 400 or 413 } => false,
        ServiceBusException { Reason: ServiceBusFailureReason.MessageSizeExceeded } => false,
        RequestFailedException or ServiceBusException or CredentialUnavailableException or AuthenticationFailedException => true,
        OperationCanceledException or TimeoutException or IOException or SocketException or HttpRequestException => true,
        CryptographicException => true,
        AggregateException { InnerExceptions: var all } => all.Count > 0 && all.All(Is),
        _ => false,
    };

    /// <summary>
    /// How long to wait before a message that can't even be put off is given back: 5 s, doubling to 2 min, well within its lock. Its queue delivers it again
    /// at once, and gives it up after 10 deliveries.
    /// </summary>
    /// <param name="deliveryCount">How often it was delivered, this time included.</param>
    public static TimeSpan Pause(int deliveryCount)
    {
        var pause = s_firstWait * Math.Pow(2, Math.Clamp(deliveryCount - 1, 0, 10));
        return pause < s_longestPause ? pause : s_longestPause;
    }

    /// <summary>How long to put something off: 5 s, doubling to 5 min, give or take a fifth, so that what failed together doesn't return together.</summary>
    /// <param name="hold">How often it was put off before.</param>
    /// <param name="random">The source of chance.</param>
    public static TimeSpan Wait(int hold, Random random)
    {
        var wait = s_firstWait * Math.Pow(2, Math.Clamp(hold, 0, 10));
        wait = wait < s_longestWait ? wait : s_longestWait;
        return wait * (1 - Jitter + (2 * Jitter * random.NextDouble()));
    }
}
