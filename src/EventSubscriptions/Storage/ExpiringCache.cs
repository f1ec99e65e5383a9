using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;

namespace EventSubscriptions.Storage;

/// <summary>
/// Caches loaded values for a lifetime. Concurrent misses of a value share one load; a failed load is not cached. "Not found" is cached
/// too.
/// </summary>
internal sealed class ExpiringCache<TKey, TValue>(TimeSpan lifetime, int capacity, TimeProvider time)
    where TKey : notnull
{
    private readonly ConcurrentDictionary<TKey, Entry> _entries = new();

    /// <summary>How many values are cached.</summary>
    public int Count => _entries.Count;

    /// <summary>The value, at most one lifetime old. Cancellation ends the wait, not the load.</summary>
    public ValueTask<TValue> GetAsync<TState>(
        TKey key,
        TState state,
        Func<TKey, TState, Task<TValue>> load,
        CancellationToken cancellationToken
    )
    {
        if (_entries.TryGetValue(key, out var known) && !IsExpired(known))
        {
            return known.Load.Value.IsCompletedSuccessfully
                ? new(known.Load.Value.Result)
                : new(known.Load.Value.WaitAsync(cancellationToken));
        }

        // The age counts from before the load, since the value can't be older.
        var entry = new Entry(time.GetTimestamp(), new Lazy<Task<TValue>>(() => load(key, state)));
        while (known is null ? !_entries.TryAdd(key, entry) : !_entries.TryUpdate(key, entry, known))
        {
            if (_entries.TryGetValue(key, out known) && !IsExpired(known))
            {
                return new(known.Load.Value.WaitAsync(cancellationToken));
            }
        }

        MakeRoom();
        return new(LoadAsync(key, entry).WaitAsync(cancellationToken));
    }

    /// <summary>Finds a value without loading it.</summary>
    public bool TryGet(TKey key, [MaybeNullWhen(false)] out TValue value)
    {
        var isKnown = _entries.TryGetValue(key, out var known) && !IsExpired(known) && known.Load.Value.IsCompletedSuccessfully;
        value = isKnown ? known!.Load.Value.Result : default;
        return isKnown;
    }

    /// <summary>Removes a value that has changed.</summary>
    public void Remove(TKey key) => _entries.TryRemove(key, out _);

    private async Task<TValue> LoadAsync(TKey key, Entry entry)
    {
        try
        {
            return await entry.Load.Value;
        }
        catch
        {
            _entries.TryRemove(KeyValuePair.Create(key, entry));
            throw;
        }
    }

    private bool IsExpired(Entry entry) => time.GetElapsedTime(entry.LoadedAt) >= lifetime;

    private void MakeRoom()
    {
        if (_entries.Count <= capacity)
        {
            return;
        }

        foreach (var pair in _entries)
        {
            if (IsExpired(pair.Value))
            {
                _entries.TryRemove(pair);
            }
        }

        // All entries are in use: starting over costs one load each, and happens rarely.
        if (_entries.Count > capacity)
        {
            _entries.Clear();
        }
    }

    private sealed record Entry(long LoadedAt, Lazy<Task<TValue>> Load);
}
