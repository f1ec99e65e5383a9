using System.Collections.Concurrent;
using System.Security.Cryptography;
using EventSubscriptions.Http;
using EventSubscriptions.Storage;
using Microsoft.Extensions.Logging;

namespace EventSubscriptions.Access;

/// <summary>Identifies the caller by its key. Cached for at most 5 s, so a revoked key stops working within that time.</summary>
/// <remarks>
/// Keys carry a mark, so that made-up ones cost nothing. A text without a mark, which older versions issued, may be made up: until it has
/// been valid once, its look-ups are limited and cached separately, so that a flood of them evicts no other key.
/// </remarks>
public sealed partial class Authenticator(
    ApiKeyStore store,
    KeyMark mark,
    AccessOptions options,
    TimeProvider time,
    ILogger<Authenticator> logger
)
{
    /// <summary>The actor name of the key from the settings. No issued key has this name.</summary>
    public const string AdminKeyName = "Access__AdminKey";

    /// <summary>The id of the key from the settings. No issued key has this id.</summary>
    public const string AdminKeyId = "settings";

    private const int Capacity = 10_000;
    private const int MaxUnmarkedLookupsPerSecond = 100;

    private static readonly TimeSpan s_lifetime = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan s_touchInterval = TimeSpan.FromMinutes(5);

    private readonly ExpiringCache<ApiKeyId, ApiKey?> _keys = new(s_lifetime, Capacity, time);
    private readonly ExpiringCache<ApiKeyId, ApiKey?> _unmarked = new(s_lifetime, Capacity, time);
    private readonly LookupBudget _unmarkedLookups = new(MaxUnmarkedLookupsPerSecond, time);

    /// <summary>When the use of each valid key was last recorded.</summary>
    private readonly ConcurrentDictionary<ApiKeyId, DateTimeOffset> _touched = new();
    private readonly byte[] _adminHash = ApiKey.HashOf(options.AdminKey.Reveal());

    /// <summary>Identifies the caller by the text of a key.</summary>
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
        return new Authentication(new Caller(new Actor(key.Id.ToString(), key.Name), key.Role, key.Organization));
    }

    /// <summary>Removes a key that this instance has revoked from the cache.</summary>
    public void Forget(ApiKeyId id)
    {
        _keys.Remove(id);
        _unmarked.Remove(id);
        _touched.TryRemove(id, out _);
    }

    /// <summary>Records the use of a key every few minutes, without delaying the request.</summary>
    private void Touch(ApiKey key, DateTimeOffset now)
    {
        var last = _touched.GetOrAdd(key.Id, static (_, key) => key.LastUsedAt ?? DateTimeOffset.MinValue, key);
        if (now - last >= s_touchInterval && _touched.TryUpdate(key.Id, now, last))
        {
            _ = TouchAsync(key.Id, now);
        }
    }

    private async Task TouchAsync(ApiKeyId id, DateTimeOffset now)
    {
        // Nothing depends on it.
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
        [LoggerMessage(LogLevel.Debug, "Could not record the use of key {Id}.")]
        public static partial void NotTouched(ILogger logger, Exception exception, ApiKeyId id);
    }
}

/// <summary>The result of identifying a caller.</summary>
/// <param name="Caller">Null if the key is unknown, expired or revoked, or could not be looked up.</param>
/// <param name="IsBusy">Whether the key was not looked up because too many unknown keys are being tried.</param>
public readonly record struct Authentication(Caller? Caller, bool IsBusy = false)
{
    /// <summary>No key has this text.</summary>
    public static readonly Authentication Unknown;

    /// <summary>Not looked up; the caller may try again.</summary>
    public static readonly Authentication Busy = new(null, IsBusy: true);
}
