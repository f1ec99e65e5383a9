using System.Collections.Concurrent;
using EventSubscriptions.Deliveries.Outcome;
using EventSubscriptions.Destinations;
using EventSubscriptions.Secrets;
using EventSubscriptions.Subscriptions;
using EventSubscriptions.Subscriptions.Authentication;

namespace EventSubscriptions.Deliveries.Sending;

/// <summary>
/// Access tokens, from a token endpoint or of a managed identity. Each is kept for its subscription until shortly before it expires, or
/// until the authentication changes; deliveries that wait for one share its request.
/// </summary>
public sealed class AccessTokens
{
    private const int Capacity = 10_000;

    private readonly TokenEndpoint _endpoint;
    private readonly ManagedIdentityTokens _identities;
    private readonly DeliveriesOptions _options;
    private readonly TimeProvider _time;
    private readonly ConcurrentDictionary<SubscriptionId, Entry> _entries = new();

    internal AccessTokens(TokenEndpoint endpoint, ManagedIdentityTokens identities, DeliveriesOptions options, TimeProvider time) =>
        (_endpoint, _identities, _options, _time) = (endpoint, identities, options, time);

    /// <summary>A token, or null if the authentication doesn't use any. Throws <see cref="AccessTokenException"/> if there is none.</summary>
    /// <param name="subscription">The subscription.</param>
    /// <param name="rejected">The token that the receiver has rejected, or null.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    internal async Task<AccessToken?> GetAsync(Subscription subscription, AccessToken? rejected, CancellationToken cancellationToken)
    {
        if (subscription.Authentication is not (SubscriptionAuthentication.OAuth2 or SubscriptionAuthentication.ManagedIdentity))
        {
            return null;
        }

        while (true)
        {
            _entries.TryGetValue(subscription.Id, out var known);
            if (known is not null && known.IsFor(subscription) && !IsUseless(known.Token, rejected))
            {
                return await known.Token.WaitAsync(cancellationToken);
            }

            if (_entries.Count >= Capacity)
            {
                _entries.Clear();
                known = null;
            }

            var entry = new Entry(
                subscription,
                new Lazy<Task<AccessToken>>(() => RequestAsync(subscription, isRenewal: rejected is not null))
            );
            if (known is null ? _entries.TryAdd(subscription.Id, entry) : _entries.TryUpdate(subscription.Id, entry, known))
            {
                return await entry.Token.WaitAsync(cancellationToken);
            }
        }
    }

    private bool IsUseless(Task<AccessToken> token, AccessToken? rejected) =>
        token.IsCompleted && (!token.IsCompletedSuccessfully || token.Result == rejected || token.Result.ExpiresAt <= _time.GetTimestamp());

    private async Task<AccessToken> RequestAsync(Subscription subscription, bool isRenewal)
    {
        using var deadline = new CancellationTokenSource(_options.Deadline, _time);
        try
        {
            return subscription.Authentication is SubscriptionAuthentication.OAuth2 oauth
                ? await _endpoint.RequestAsync(subscription.OrganizationId, oauth, deadline.Token)
                : await _identities.RequestAsync(
                    subscription,
                    (SubscriptionAuthentication.ManagedIdentity)subscription.Authentication,
                    isRenewal,
                    deadline.Token
                );
        }
        catch (OperationCanceledException)
        {
            throw new AccessTokenException("The token endpoint did not respond in time.");
        }
    }

    /// <summary>The token of a subscription. One of a managed identity is for its host only.</summary>
    private sealed class Entry(Subscription subscription, Lazy<Task<AccessToken>> token)
    {
        public Task<AccessToken> Token => token.Value;

        public bool IsFor(Subscription other) =>
            subscription.Authentication == other.Authentication
            && (
                other.Authentication is SubscriptionAuthentication.OAuth2
                || string.Equals(subscription.Url.Host, other.Url.Host, StringComparison.OrdinalIgnoreCase)
            );
    }
}

/// <summary>An access token.</summary>
/// <param name="Value">The token.</param>
/// <param name="ExpiresAt">A timestamp, shortly before it expires.</param>
internal sealed record AccessToken(Secret Value, long ExpiresAt)
{
    private static readonly TimeSpan s_maxMargin = TimeSpan.FromSeconds(30);

    /// <summary>A token that has just been issued.</summary>
    public static AccessToken Of(Secret value, TimeSpan lifetime, TimeProvider time)
    {
        var margin = lifetime / 10 < s_maxMargin ? lifetime / 10 : s_maxMargin;
        return new AccessToken(value, time.GetTimestamp() + (long)((lifetime - margin).TotalSeconds * time.TimestampFrequency));
    }
}

/// <summary>There is no access token.</summary>
internal sealed class AccessTokenException(string detail, Exception? inner = null) : Exception(detail, inner)
{
    /// <summary>The error for the result of the attempt.</summary>
    public DeliveryError Error { get; } = new(ErrorKind.Authentication, detail);
}
