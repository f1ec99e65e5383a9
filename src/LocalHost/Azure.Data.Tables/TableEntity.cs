using System.Collections;
using System.Diagnostics.CodeAnalysis;

namespace Azure.Data.Tables;

public interface ITableEntity
{
    string PartitionKey { get; set; }

    string RowKey { get; set; }

    DateTimeOffset? Timestamp { get; set; }

    ETag ETag { get; set; }
}

/// <summary>
/// An entity as a dictionary. Its keys, timestamp and ETag are entries too. Values are <see cref="string"/>, <see cref="int"/>, <see cref="long"/>,
/// <see cref="bool"/>, <see cref="double"/>, <see cref="DateTimeOffset"/>, <see cref="Guid"/> or <see cref="byte"/>[]; null is not stored.
/// </summary>
public sealed class TableEntity : ITableEntity, IDictionary<string, object>
{
    internal const string PartitionKeyName = "PartitionKey";
    internal const string RowKeyName = "RowKey";
    internal const string TimestampName = "Timestamp";
    internal const string ETagName = "odata.etag";

    private readonly Dictionary<string, object> _properties;

    internal TableEntity() => _properties = new(StringComparer.Ordinal);

    public TableEntity(string partitionKey, string rowKey) : this()
    {
        PartitionKey = partitionKey;
        RowKey = rowKey;
    }

    internal TableEntity(int capacity) => _properties = new(capacity, StringComparer.Ordinal);

    public string PartitionKey { get => GetString(PartitionKeyName)!; set => _properties[PartitionKeyName] = value; }

    public string RowKey { get => GetString(RowKeyName)!; set => _properties[RowKeyName] = value; }

    public DateTimeOffset? Timestamp { get => GetDateTimeOffset(TimestampName); set => _properties[TimestampName] = value!; }

    public ETag ETag { get => GetString(ETagName) is { } etag ? new ETag(etag) : default; set => _properties[ETagName] = value.ToString(); }

    /// <summary>Null where the entity has no such property.</summary>
    /// <exception cref="InvalidOperationException">The property has a value of another type. An int may take the place of a long or a double.</exception>
    public object this[string key]
    {
        get => _properties.GetValueOrDefault(key)!;
        set => _properties[key] = value is not null && _properties.TryGetValue(key, out var existing) && existing is not null ? Coerce(existing, value) : value!;
    }

    public ICollection<string> Keys => _properties.Keys;

    public int Count => _properties.Count;

    ICollection<object> IDictionary<string, object>.Values => _properties.Values;

    bool ICollection<KeyValuePair<string, object>>.IsReadOnly => false;

    public string? GetString(string key) => Get<string>(key);

    public byte[]? GetBinary(string key) => Get<byte[]>(key);

    public bool? GetBoolean(string key) => Get<bool?>(key);

    public int? GetInt32(string key) => Get<int?>(key);

    public long? GetInt64(string key) => Get<long?>(key);

    public DateTimeOffset? GetDateTimeOffset(string key) => Get<DateTimeOffset?>(key);

    public void Add(string key, object value) => this[key] = value;

    public bool ContainsKey(string key) => _properties.ContainsKey(key);

    public bool Remove(string key) => _properties.Remove(key);

    public bool TryGetValue(string key, [MaybeNullWhen(false)] out object value) => _properties.TryGetValue(key, out value);

    public void Clear() => _properties.Clear();

    void ICollection<KeyValuePair<string, object>>.Add(KeyValuePair<string, object> item) => this[item.Key] = item.Value;

    bool ICollection<KeyValuePair<string, object>>.Contains(KeyValuePair<string, object> item) => _properties.Contains(item);

    void ICollection<KeyValuePair<string, object>>.CopyTo(KeyValuePair<string, object>[] array, int arrayIndex) =>
        ((ICollection<KeyValuePair<string, object>>)_properties).CopyTo(array, arrayIndex);

    bool ICollection<KeyValuePair<string, object>>.Remove(KeyValuePair<string, object> item) => _properties.Remove(item.Key);

    IEnumerator<KeyValuePair<string, object>> IEnumerable<KeyValuePair<string, object>>.GetEnumerator() => _properties.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => _properties.GetEnumerator();

    private T? Get<T>(string key) =>
        _properties.GetValueOrDefault(key) switch
        {
            null => default,
            T value => value,
            var other => throw new InvalidOperationException($"Cannot return {typeof(T)} type for a {other.GetType()} typed property."),
        };

    private static object Coerce(object existing, object value) =>
        (existing, value) switch
        {
            (int, long or double) => value,
            (long, int number) => (long)number,
            (double, int number) => (double)number,
            _ when existing.GetType() == value.GetType() => value,
            _ => throw new InvalidOperationException($"A value of type {value.GetType()} cannot take the place of one of type {existing.GetType()}."),
        };
}
