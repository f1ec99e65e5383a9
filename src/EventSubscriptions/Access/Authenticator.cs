using System.Collections.Concurrent;
using System.Security.Cryptography;
using EventSubscriptions.Http;
using EventSubscriptions.Storage;
using Microsoft.Extensions.Logging;

namespace EventSubscriptions.Access;

/// <summary>Tells whose a key is. What it knows of the table is at most 5 s old, so a revoked key works no longer than that.</summary>
/// <remarks>
/// A key's text is marked, so that made-up ones cost nothing. Texts without a mark, which older versions issued, could be made up: until one has been right, its
/// look-ups are limited, and what they find is kept apart, so that a flood of them displaces nobody.
/// </remarks>
public sealed partial class Authenticator(ApiKeyStore store, KeyMark mark, AccessOptions options, TimeProvider time, ILogger<Authenticator> logger)
{
    /// <summary>The actor of what the key from the settings does. No issued key is called so.</summary>
    public const string AdminKeyName = "Access__AdminKey";

    /// <summary>The id of the key from the settings. No issued key has it.</summary>
    public const string AdminKeyId = "settings";

    private const int Capacity = 10_000;
    private const int MaxUnmarkedLookupsPerSecond = 100;

    private static readonly TimeSpan s_lifetime = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan s_touchInterval = TimeSpan.FromMinutes(5);

    private readonly ExpiringCache<string, ApiKey?> _keys = new(s_lifetime, Capacity, time);
    private readonly ExpiringCache<string, ApiKey?> _unmarked = new(s_lifetime, Capacity, time);
    private readonly LookupBudget _unmarkedLookups = new(MaxUnmarkedLookupsPerSecond, time);

    /// <summary>When the use of a key was noted last, of each that was right here.</summary>
    private readonly ConcurrentDictionary<string, DateTimeOffset> _touched = new(StringComparer.Ordinal);
    private readonly byte[] _adminHash = ApiKey.HashOf(options.AdminKey.Reveal());

    /// <summary>Finds whose key the text is.</summary>
    public async ValueTask<Authentication> AuthenticateAsync(string text, CancellationToken cancellationToken)
    {
        if (CryptographicOperations.FixedTimeEquals(ApiKey.HashOf(text), _adminHash))
        {
            return new Authentication(new Caller(new Actor(AdminKeyId, AdminKeyName), Role.Admin, null));
        }

        if (!ApiKey.TryParseText(text, mark, out var id, out var isMarked))
        {
            return Authentication.Unknown;
        }

        var keys = isMarked || _touched.ContainsKey(id) ? _keys : _unmarked;
        if (keys == _unmarked && !keys.TryGet(id, out _) && !_unmarkedLookups.TryTake())
        {
            return Authentication.Busy;
        }

        var key = await keys.GetAsync(id, store, static (id, store) => store.GetAsync(id, CancellationToken.None), cancellationToken);
        var now = time.GetUtcNow();
        if (key is null || !key.Matches(text) || key.ExpiresAt <= now)
        {
            return Authentication.Unknown;
        }

        Touch(key, now);
        return new Authentication(new Caller(new Actor(key.Id, key.Name), key.Role, key.Organization));
    }

    /// <summary>Forgets a key that this instance has revoked.</summary>
    public void Forget(string id)
    {
        _keys.Remove(id);
        _unmarked.Remove(id);
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

/// <summary>Whose key it is.</summary>
/// <param name="Caller">Null if the key is unknown, expired or revoked, or could not be looked up.</param>
/// <param name="IsBusy">Whether too many keys that may be made up were looked up just now for this one to be.</param>
public readonly record struct Authentication(Caller? Caller, bool IsBusy = false)
{
    /// <summary>The key is nobody's.</summary>
    public static readonly Authentication Unknown;

    /// <summary>It may be somebody's: the caller may try again.</summary>
    public static readonly Authentication Busy = new(null, IsBusy: true);
}
