using System.Collections.Concurrent;
using System.Security.Cryptography;
using EventSubscriptions.Storage;
using Microsoft.Extensions.Logging;

namespace EventSubscriptions.Access;

/// <summary>Tells whose a key is. What it knows of the table is at most 5 s old, so a revoked key works no longer than that.</summary>
public sealed partial class Authenticator(ApiKeyStore store, AccessOptions options, TimeProvider time, ILogger<Authenticator> logger)
{
    /// <summary>The actor of what the key from the settings does. No issued key is called so.</summary>
    public const string AdminKeyName = "Access__AdminKey";

    private const int Capacity = 10_000;

    private static readonly TimeSpan s_lifetime = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan s_touchInterval = TimeSpan.FromMinutes(5);

    private readonly ExpiringCache<string, ApiKey?> _keys = new(s_lifetime, Capacity, time);
    private readonly ConcurrentDictionary<string, DateTimeOffset> _touched = new(StringComparer.Ordinal);
    private readonly byte[] _adminHash = ApiKey.HashOf(options.AdminKey.Reveal());

    /// <summary>The caller, or null where the key is unknown, expired or revoked.</summary>
    public async ValueTask<Caller?> AuthenticateAsync(string text, CancellationToken cancellationToken)
    {
        if (CryptographicOperations.FixedTimeEquals(ApiKey.HashOf(text), _adminHash))
        {
            return new Caller(AdminKeyName, Role.Admin, null);
        }

        if (!ApiKey.TryParseText(text, out var id))
        {
            return null;
        }

        var key = await _keys.GetAsync(id, store, static (id, store) => store.GetAsync(id, CancellationToken.None), cancellationToken);
        var now = time.GetUtcNow();
        if (key is null || !key.Matches(text) || key.ExpiresAt <= now)
        {
            return null;
        }

        Touch(key, now);
        return new Caller(key.Name, key.Role, key.Organization);
    }

    /// <summary>Forgets a key that this instance has revoked.</summary>
    public void Forget(string id)
    {
        _keys.Remove(id);
        _touched.TryRemove(id, out _);
    }

    /// <summary>Notes the use every few minutes, and lets no request wait for that.</summary>
    private void Touch(ApiKey key, DateTimeOffset now)
    {
        var last = _touched.GetOrAdd(key.Id, static (_, key) => key.LastUsedAt ?? DateTimeOffset.MinValue, key);
        if (now - last >= s_touchInterval && _touched.TryUpdate(key.Id, now, last))
        {
            _ = TouchAsync(key.Id, now);
        }
    }

    private async Task TouchAsync(string id, DateTimeOffset now)
    {
        // Nobody waits for this, and nothing depends on it.
        try
        {
            await store.TouchAsync(id, now, CancellationToken.None);
        }
        catch (Exception exception)
        {
            Log.NotTouched(logger, exception, id);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Debug, "The use of the key {Id} could not be noted.")]
        public static partial void NotTouched(ILogger logger, Exception exception, string id);
    }
}
