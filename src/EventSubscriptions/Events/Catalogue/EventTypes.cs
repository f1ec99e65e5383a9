using System.Text.Json;
using EventSubscriptions.Storage;
using EventSubscriptions.Telemetry;
using Microsoft.Extensions.Logging;

namespace EventSubscriptions.Events.Catalogue;

/// <summary>The built-in and the custom event types, as they were at most 5 s ago.</summary>
public sealed partial class EventTypes(EventCatalogue builtIn, EventTypeStore store, TimeProvider time, ILogger<EventTypes> logger)
{
    /// <summary>How old the known types may be.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromSeconds(5);

    /// <summary>How many unknown names of a request are looked up.</summary>
    private const int MaxLookups = 100;

    /// <summary>Publishing and fan-out don't wait longer for storage.</summary>
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(1);

    private readonly ExpiringCache<string, EventCatalogue> _cache = new(Lifetime, capacity: 1, time);

    private readonly Outage _outage = new(time);

    // A timestamp; 0 if nothing has failed yet.
    private long _failedAt;
    private volatile Loaded _last = new(builtIn, Version: null);

    /// <summary>Held by each change, so that an instance audits only changes that it makes.</summary>
    internal SemaphoreSlim Changing { get; } = new(1);

    /// <summary>All event types. While storage is unavailable, they may be older.</summary>
    public async ValueTask<EventCatalogue> GetAsync(CancellationToken cancellationToken)
    {
        if (Volatile.Read(ref _failedAt) is not 0 and var failedAt && time.GetElapsedTime(failedAt) < Lifetime)
        {
            return _last.Catalogue;
        }

        var load = _cache.GetAsync("", this, static (_, self) => self.LoadAsync(), cancellationToken);
        if (load.IsCompletedSuccessfully)
        {
            return load.Result;
        }

        try
        {
            return await load.AsTask().WaitAsync(s_patience, time, cancellationToken);
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            Volatile.Write(ref _failedAt, time.GetTimestamp());
            var level = _outage.NextLevel();
            Log.NotLoaded(logger, level, exception);
            return _last.Catalogue;
        }
    }

    /// <summary>
    /// All event types for a request. Names in its body that are unknown may have been added by another instance just now, so they are
    /// looked up.
    /// </summary>
    public async ValueTask<EventCatalogue> ForAsync(JsonElement body, CancellationToken cancellationToken)
    {
        var catalogue = await GetAsync(cancellationToken);
        var unknown = NamesIn(body).Where(name => !catalogue.Contains(name)).Distinct(StringComparer.Ordinal).Take(MaxLookups).ToList();
        foreach (var text in unknown)
        {
            if (
                EventTypeFields.IsName(text)
                && await store.FindAsync(EventName.Parse(text), cancellationToken) is { } found
                && found.Type.Name.ToString() == text
            )
            {
                Forget();
                return await GetAsync(cancellationToken);
            }
        }

        return catalogue;
    }

    /// <summary>Call it after a change, so that it takes effect on this instance at once.</summary>
    public void Forget() => _cache.Remove("");

    private async Task<EventCatalogue> LoadAsync()
    {
        // The version is read first: a change in between is found by the next load.
        var version = await store.GetVersionAsync(CancellationToken.None);
        var last = _last;
        if (version != last.Version)
        {
            _last = last = new Loaded(builtIn.With(await store.ListAsync(CancellationToken.None)), version);
        }

        return last.Catalogue;
    }

    /// <summary>The names in <c>eventName</c> and <c>events</c> of an object, or of the objects of an array.</summary>
    private static IEnumerable<string> NamesIn(JsonElement body) =>
        body.ValueKind switch
        {
            JsonValueKind.Array => body.EnumerateArray().Where(item => item.ValueKind == JsonValueKind.Object).SelectMany(NamesOf),
            JsonValueKind.Object => NamesOf(body),
            _ => [],
        };

    private static IEnumerable<string> NamesOf(JsonElement item)
    {
        if (item.TryGetProperty("eventName", out var name) && name.ValueKind == JsonValueKind.String)
        {
            yield return name.GetString()!;
        }

        if (item.TryGetProperty("events", out var names) && names.ValueKind == JsonValueKind.Array)
        {
            foreach (var one in names.EnumerateArray())
            {
                if (one.ValueKind == JsonValueKind.String)
                {
                    yield return one.GetString()!;
                }
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage("Could not read the custom event types; those that were read last are used.")]
        public static partial void NotLoaded(ILogger logger, LogLevel level, Exception exception);
    }

    private sealed record Loaded(EventCatalogue Catalogue, string? Version);
}
