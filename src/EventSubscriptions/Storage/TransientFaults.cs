using System.Net.Sockets;
using System.Security.Cryptography;
using Azure;
using Azure.Identity;
using Azure.Messaging.ServiceBus;

namespace EventSubscriptions.Storage;

/// <summary>Tells faults of our own storage, Service Bus, identity or keys, which pass or get repaired, from bugs.</summary>
public static class TransientFaults
{
    private const double Jitter = 0.2;

    private static readonly TimeSpan s_firstDelay = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan s_maxPostponement = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan s_maxRedeliveryDelay = TimeSpan.FromMinutes(2);

    /// <summary>Whether retrying later makes sense: messages are postponed, HTTP callers get a 503.</summary>
    public static bool IsTransient(Exception exception) =>
        exception switch
        {
            // The request itself is wrong or too large; so it will be next time.
            RequestFailedException { Status: 400 or 413 } => false,
            ServiceBusException { Reason: ServiceBusFailureReason.MessageSizeExceeded } => false,

            // Everything else is: unreachable, overloaded, a role that has not propagated, a table that is not created yet, a lost race.
            RequestFailedException or ServiceBusException or CredentialUnavailableException or AuthenticationFailedException => true,
            OperationCanceledException or TimeoutException or IOException or SocketException or HttpRequestException => true,

            // A key is missing from Secrets__Keys.
            CryptographicException => true,
            AggregateException { InnerExceptions: var all } => all.Count > 0 && all.All(IsTransient),
            _ => false,
        };

    /// <summary>How long to pause before a message is abandoned: 5 s, doubling to 2 min, which is well within its lock.</summary>
    /// <param name="deliveryCount">How often it was delivered, including this time.</param>
    public static TimeSpan RedeliveryDelay(int deliveryCount) => Doubled(deliveryCount - 1, s_maxRedeliveryDelay);

    /// <summary>
    /// How long to postpone a message: 5 s, doubling to 5 min, ±20 % so that what failed together doesn't return together.
    /// </summary>
    /// <param name="postponements">How often it was postponed before.</param>
    /// <param name="random">The source of the jitter.</param>
    public static TimeSpan PostponementDelay(int postponements, Random random) =>
        Doubled(postponements, s_maxPostponement) * (1 - Jitter + (2 * Jitter * random.NextDouble()));

    private static TimeSpan Doubled(int times, TimeSpan max)
    {
        var delay = s_firstDelay * Math.Pow(2, Math.Clamp(times, 0, 10));
        return delay < max ? delay : max;
    }
}
