using System.Buffers;
using Azure.Data.Tables;

namespace LocalHost.Tables;

/// <summary>
/// The limits of Table Storage. https://learn.microsoft.com/rest/api/storageservices/understanding-the-table-service-data-model
/// </summary>
internal static class EntityLimits
{
    private const int MaxKeyLength = 512;
    private const int MaxProperties = 255;
    private const int MaxNameLength = 255;
    private const int MaxValueSize = 64 << 10;
    private const int MaxEntitySize = 1 << 20;
    private static readonly SearchValues<char> s_forbidden = SearchValues.Create([
        .. "/\\#?",
        .. Enumerable.Range(0, 256).Select(code => (char)code).Where(char.IsControl),
    ]);
    private static readonly DateTimeOffset s_earliestTime = new(1601, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public static TableError? CheckTable(string name) =>
        name.Length is < 3 or > 63 || !char.IsAsciiLetter(name[0]) || !name.All(char.IsAsciiLetterOrDigit)
            ? TableError.InvalidResourceName
            : null;

    public static TableError? CheckKey(string? key) =>
        key is null ? TableError.PropertiesNeedValue
        : key.Length > MaxKeyLength ? TableError.KeyValueTooLarge
        : key.AsSpan().ContainsAny(s_forbidden) ? TableError.InvalidKey
        : null;

    public static TableError? CheckKeys(TableEntity entity) => CheckKey(entity.PartitionKey) ?? CheckKey(entity.RowKey);

    /// <summary>Checks all properties except the keys.</summary>
    public static TableError? CheckProperties(TableEntity entity)
    {
        // The documented size: 4 bytes, the keys, and for each property 8 bytes, its name and its value, at 2 bytes per character.
        var (count, size) = (3, 4L + (2 * (entity.PartitionKey.Length + entity.RowKey.Length)));
        foreach (var (name, value) in entity)
        {
            if (value is null || EntityCodec.IsSystem(name))
            {
                continue;
            }

            if (CheckName(name) is { } invalid)
            {
                return invalid;
            }

            if (value is DateTimeOffset time && time < s_earliestTime)
            {
                return TableError.OutOfRangeInput;
            }

            var valueSize = SizeOf(value);
            if (valueSize > MaxValueSize)
            {
                return TableError.PropertyValueTooLarge;
            }

            count++;
            size += 8 + (2 * name.Length) + valueSize + (value is string or byte[] ? 4 : 0);
        }

        return count > MaxProperties ? TableError.TooManyProperties
            : size > MaxEntitySize ? TableError.EntityTooLarge
            : null;
    }

    private static TableError? CheckName(string name) =>
        name.Length > MaxNameLength ? TableError.PropertyNameTooLong
        : name.Length == 0 || char.IsDigit(name[0]) || !name.All(c => char.IsLetterOrDigit(c) || c == '_') ? TableError.PropertyNameInvalid
        : null;

    private static int SizeOf(object value) =>
        value switch
        {
            string text => 2 * text.Length,
            byte[] bytes => bytes.Length,
            bool => 1,
            int => 4,
            Guid => 16,
            _ => 8,
        };
}
