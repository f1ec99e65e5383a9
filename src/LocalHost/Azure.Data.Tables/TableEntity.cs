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

public sealed class TableEntity : ITableEntity, IDictionary<string, object>
{
    public TableEntity() => throw new NotImplementedException();

    public TableEntity(string partitionKey, string rowKey) => throw new NotImplementedException();

    public string PartitionKey { get => throw new NotImplementedException(); set => throw new NotImplementedException(); }

    public string RowKey { get => throw new NotImplementedException(); set => throw new NotImplementedException(); }

    public DateTimeOffset? Timestamp { get => throw new NotImplementedException(); set => throw new NotImplementedException(); }

    public ETag ETag { get => throw new NotImplementedException(); set => throw new NotImplementedException(); }

    public object this[string key] { get => throw new NotImplementedException(); set => throw new NotImplementedException(); }

    public ICollection<string> Keys => throw new NotImplementedException();

    public int Count => throw new NotImplementedException();

    ICollection<object> IDictionary<string, object>.Values => throw new NotImplementedException();

    bool ICollection<KeyValuePair<string, object>>.IsReadOnly => throw new NotImplementedException();

    public string? GetString(string key) => throw new NotImplementedException();

    public byte[]? GetBinary(string key) => throw new NotImplementedException();

    public bool? GetBoolean(string key) => throw new NotImplementedException();

    public int? GetInt32(string key) => throw new NotImplementedException();

    public long? GetInt64(string key) => throw new NotImplementedException();

    public double? GetDouble(string key) => throw new NotImplementedException();

    public DateTimeOffset? GetDateTimeOffset(string key) => throw new NotImplementedException();

    public void Add(string key, object value) => throw new NotImplementedException();

    public bool ContainsKey(string key) => throw new NotImplementedException();

    public bool Remove(string key) => throw new NotImplementedException();

    public bool TryGetValue(string key, [MaybeNullWhen(false)] out object value) => throw new NotImplementedException();

    public void Clear() => throw new NotImplementedException();

    void ICollection<KeyValuePair<string, object>>.Add(KeyValuePair<string, object> item) => throw new NotImplementedException();

    bool ICollection<KeyValuePair<string, object>>.Contains(KeyValuePair<string, object> item) => throw new NotImplementedException();

    void ICollection<KeyValuePair<string, object>>.CopyTo(KeyValuePair<string, object>[] array, int arrayIndex) => throw new NotImplementedException();

    bool ICollection<KeyValuePair<string, object>>.Remove(KeyValuePair<string, object> item) => throw new NotImplementedException();

    IEnumerator<KeyValuePair<string, object>> IEnumerable<KeyValuePair<string, object>>.GetEnumerator() => throw new NotImplementedException();

    IEnumerator IEnumerable.GetEnumerator() => throw new NotImplementedException();
}
